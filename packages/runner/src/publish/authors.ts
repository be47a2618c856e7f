import type { SessionRow } from '@errand/core'

/** Who a commit is by. */
export interface Author {
  name: string
  email: string
}

/** The agent, as author of everything it does. */
export function botOf(webUrl: string): Author {
  return { name: 'errand[bot]', email: `errand[bot]@${noReplyHost(webUrl)}` }
}

/** Who asked for the work, under the address the forge knows them by without giving their own away. */
export function requesterOf(session: SessionRow, webUrl: string): Author {
  const { user_id: id, user_login: login } = session
  return { name: login, email: `${id}+${login}@${noReplyHost(webUrl)}` }
}

/** `users.noreply.github.com` for github.com, and alike elsewhere. */
function noReplyHost(webUrl: string): string {
  return `users.noreply.${new URL(webUrl).hostname}`
}

import type { Caller, Reaction, RepositoryAccess } from '@errand/contract'
import type { HeldComment } from '@errand/core'
import type { ServerContext } from '../../context.ts'

/** Where something is said: in answer to a comment, in Errand's own name. */
export interface Place {
  own: Caller
  repository: RepositoryAccess
  comment: HeldComment
}

/** Reacts to a comment and replies on its pull request. Said twice, it is there once. */
export async function say(
  { forge }: ServerContext,
  { own, repository, comment }: Place,
  reaction: Reaction | undefined,
  reply: { body: string; mark: string },
): Promise<void> {
  const { type, comment_id: id } = comment
  if (reaction !== undefined) await forge.react(own, repository, { type, id }, reaction)
  // A minute earlier: the forge's clock is another.
  const since = new Date(comment.received_at.getTime() - 60_000).toISOString()
  await forge.reply(own, repository, comment.pull_number, { ...reply, since })
}

/** By which a reply is known when it is there already. */
export function markOf(what: string): string {
  return `<!-- errand: ${what} -->`
}

/**
 * A text of the agent's as it may stand in a comment: as code, in which nobody is mentioned, nothing linked
 * and no issue closed.
 */
export function asCode(text: string, limit: number): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text
  const longest = Math.max(2, ...(cut.match(/`+/g) ?? []).map((run) => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}text\n${cut}\n${fence}`
}

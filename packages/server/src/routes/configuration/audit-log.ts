import { type AuditQuery, ErrandError, type routes } from '@errand/contract'
import { type AuditFilter, listAudit } from '@errand/core'
import { requireOrganization } from '../../auth/organization.ts'
import { readPhrase } from '../../configuration/audit-phrase.ts'
import type { ServerContext } from '../../context.ts'
import type { Answer, Handler } from '../../handler.ts'
import { presentAuditEntry } from '../../present/audit-entry.ts'

/** `GET /orgs/{org}/audit-log`, for the organization's owners. */
export const listAuditLog: Handler<typeof routes.listAuditLog> = async (context, call) => {
  const { id } = await requireOrganization(context, call.caller, call.params.org)
  return await answer(context, call.query, call.url, { owner_id: id })
}

/** `GET /audit-log`, for who administers the server: only the whole chain can be verified. */
export const listWholeAuditLog: Handler<typeof routes.listWholeAuditLog> = async (
  context,
  call,
) => {
  if (call.caller.isSiteAdmin) return await answer(context, call.query, call.url, {})
  throw new ErrandError('forbidden', { message: 'Only site administrators see the whole log' })
}

async function answer(
  { store }: ServerContext,
  query: AuditQuery,
  url: string,
  scope: Pick<AuditFilter, 'owner_id'>,
): Promise<Answer> {
  const { per_page: perPage, order, after, before, phrase } = query
  const rows = await listAudit(store, {
    ...scope,
    ...readPhrase(phrase ?? ''),
    order,
    // One more than is shown tells whether there are more.
    limit: perPage + 1,
    ...(after !== undefined && { after: Number(after) }),
    ...(before !== undefined && { before: Number(before) }),
  })
  const isBackward = before !== undefined && after === undefined
  const shown = isBackward ? rows.slice(-perPage) : rows.slice(0, perPage)
  const hasMore = rows.length > perPage
  const [first, last] = [shown[0], shown.at(-1)]
  const links = [
    ...(last !== undefined && (hasMore || isBackward) ? [link(url, 'after', last, 'next')] : []),
    ...(first !== undefined && (after !== undefined || (isBackward && hasMore))
      ? [link(url, 'before', first, 'prev')]
      : []),
  ]
  return {
    status: 200,
    body: shown.map(presentAuditEntry),
    ...(links.length > 0 && { headers: { link: links.join(', ') } }),
  }
}

function link(url: string, name: 'after' | 'before', { number }: { number: number }, rel: string) {
  const target = new URL(url)
  for (const one of ['after', 'before']) target.searchParams.delete(one)
  target.searchParams.set(name, String(number))
  return `<${target.href}>; rel="${rel}"`
}

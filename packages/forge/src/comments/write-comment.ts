import type { ForgeContext } from '../context.ts'
import { changePull } from '../pulls/change-pull.ts'
import type { Comment, Repository } from '../records/records.ts'

/** Comments on a pull request. */
export async function writeComment(
  context: ForgeContext,
  repository: Repository,
  number: number,
  { user, body }: { user: { id: number }; body: string },
): Promise<Comment> {
  const time = new Date().toISOString()
  const id = await context.records.nextId()
  const comment = await context.records.of(repository).comments.put(String(id), {
    id,
    issue_number: number,
    user_id: user.id,
    body,
    created_at: time,
    updated_at: time,
  })
  // It is news of the pull request too.
  await changePull(context, repository, number, user, {})
  return comment
}

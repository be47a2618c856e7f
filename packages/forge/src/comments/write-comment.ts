import { randomUUID } from 'node:crypto'
import { fullName } from '../identity/access.ts'
import type { ForgeContext } from '../context.ts'
import { presentAccount } from '../present/account.ts'
import { presentComment } from '../present/comment.ts'
import { presentRepository } from '../present/repository.ts'
import { changePull } from '../pulls/change-pull.ts'
import type { Comment, Pull, Repository } from '../records/records.ts'

/** Comments on a pull request, and tells who listens. */
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
  const pull = await changePull(context, repository, number, {})
  await tell(context, repository, pull, comment)
  return comment
}

/** What GitHub sends of an `issue_comment`, as far as somebody in this process wants to know. */
async function tell(
  context: ForgeContext,
  repository: Repository,
  pull: Pull,
  comment: Comment,
): Promise<void> {
  if (context.listeners.length === 0) return
  const web = context.publicUrl()
  const urls = { api: web, web }
  const name = fullName(context.records, repository)
  const presented = presentComment(context, repository, name, comment, urls)
  const sender = context.records.accounts.get(String(comment.user_id))
  const payload = {
    action: 'created',
    issue: {
      number: pull.number,
      state: pull.state,
      title: pull.title,
      pull_request: { html_url: `${web}/${name}/pull/${pull.number}` },
    },
    comment: presented,
    repository: presentRepository(context.records, repository, urls),
    ...(sender === undefined ? {} : { sender: presentAccount(sender, urls) }),
  }
  const event = { id: randomUUID(), name: 'issue_comment', payload } as const
  for (const listener of context.listeners) await listener(event)
}

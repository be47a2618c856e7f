import type { ForgeComments } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import type { Repository } from '../records/records.ts'
import { react } from './react.ts'
import { writeComment } from './write-comment.ts'

/** Comments of pull requests, answered in process. There are none of lines of a diff here. */
export function commentAnswers(
  context: ForgeContext,
  requireRecord: (id: number) => Repository,
): ForgeComments {
  const { records } = context
  return {
    async comment(_caller, repository, name) {
      const record = requireRecord(repository.id)
      if (name.type !== 'issue') return undefined
      const found = records.of(record).comments.get(String(name.id))
      const author = records.accounts.get(String(found?.user_id))
      if (found === undefined || author === undefined) return undefined
      const { issue_number: pull_number, body, created_at } = found
      const user = { id: author.id, login: author.login, type: author.type }
      return { ...name, pull_number, body, user, created_at }
    },
    async react(caller, repository, name, content) {
      const record = requireRecord(repository.id)
      const comment = records.of(record).comments.get(String(name.id))
      // Deleted meanwhile: nobody would see it.
      if (comment === undefined) return
      await react(context, record, comment, { userId: caller.user.id, content })
    },
    async reply(caller, repository, number, { body, mark, since }) {
      const record = requireRecord(repository.id)
      const isThere = records
        .of(record)
        .comments.values()
        .filter((comment) => comment.issue_number === number && comment.created_at >= since)
        .filter((comment) => comment.body.includes(mark))
        .some(({ user_id }) => records.accounts.get(String(user_id))?.type === 'Bot')
      if (isThere) return
      const text = `${body}\n\n${mark}`
      await writeComment(context, record, number, { user: caller.user, body: text })
    },
  }
}

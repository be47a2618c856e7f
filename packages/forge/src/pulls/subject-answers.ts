import type { ForgeSubjects } from '@errand/contract'
import type { ForgeContext } from '../context.ts'
import { changedFiles } from '../git/changed-files.ts'
import { fullName } from '../identity/access.ts'
import type { Repository } from '../records/records.ts'
import { pullRange } from './pull-range.ts'
import { requirePull } from './refresh-pulls.ts'

/** Pull requests, answered in process. There are no issues, reviews and workflows here. */
export function subjectAnswers(
  context: ForgeContext,
  requireRecord: (id: number) => Repository,
): ForgeSubjects {
  const { records } = context
  return {
    async subject(_caller, { id }, { type, number }) {
      const repository = requireRecord(id)
      const isThere = records.of(repository).pulls.get(String(number)) !== undefined
      if (type === 'issue' || !isThere) return undefined
      const pull = await requirePull(context, repository, number)
      const author = records.accounts.get(String(pull.user_id))
      const { title, body, state, draft, labels, head, head_sha, base } = pull
      return {
        type,
        number,
        html_url: `${context.publicUrl()}/${fullName(records, repository)}/pull/${number}`,
        title,
        body: body ?? '',
        state,
        draft,
        merged: pull.merged_at !== null,
        author: {
          id: pull.user_id,
          login: author?.login ?? 'ghost',
          type: author?.type ?? 'User',
        },
        labels: [...labels],
        assignees: [],
        branch: { head, head_sha, base, is_from_fork: false },
      }
    },
    async changedPaths(_caller, { id }, number) {
      const repository = requireRecord(id)
      const gitDir = records.gitFolder(id)
      const range = await pullRange(gitDir, await requirePull(context, repository, number))
      if (range === undefined) return []
      const files = await changedFiles(gitDir, range.from, range.to)
      return files.flatMap(({ filename, previous_filename: former }) =>
        former === undefined ? [filename] : [filename, former],
      )
    },
    review: async () => undefined,
    workflowRun: async () => undefined,
  }
}

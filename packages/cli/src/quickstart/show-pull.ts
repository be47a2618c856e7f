import type { Client, TaskWithSessions } from '@errand/contract'
import { readDiff } from '../commands/diff.ts'
import { UserError } from '../errors.ts'
import { presentDiff, presentDiffStat } from '../present/diff.ts'
import { branchOf, pullOf } from '../present/task-fields.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface ShownPull {
  url: string
  branch: string
}

/** Prints a task's pull request: title, diffstat, diff. Throws `UserError` when it has none. */
export async function showPull(
  terminal: Terminal,
  client: Client,
  repository: string,
  task: TaskWithSessions,
): Promise<ShownPull> {
  const pull = pullOf(task)
  const branch = branchOf(task)
  if (task.state !== 'completed' || pull?.number === undefined || !branch) {
    throw new UserError(`The task ended ${task.state}, and no pull request was opened.`)
  }
  const { signal, paint } = terminal
  const path = `/repos/${repository}/pulls/${pull.number}`
  const response = await client.request('GET', path, { signal })
  // The fields used are those every GitHub-compatible forge has.
  const { title, html_url: url } = (await response.json()) as PullAnswer
  const diff = await readDiff(client, task, signal)
  terminal.out(
    [
      '',
      paint('bold', `Pull request #${pull.number}: ${printableLine(title)}`),
      '',
      presentDiffStat(diff, paint),
      '',
      presentDiff(diff, paint),
    ].join('\n'),
  )
  return { url, branch: branch.head_ref }
}

interface PullAnswer {
  title: string
  html_url: string
}

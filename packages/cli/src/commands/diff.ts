import { AnswerError, type Client, type TaskWithSessions } from '@errand/contract'
import type { Command } from 'commander'
import { connect } from '../client/connection.ts'
import { findTask } from '../client/find-task.ts'
import { UserError } from '../errors.ts'
import { presentDiff } from '../present/diff.ts'
import { branchOf, createForgeLookup } from '../present/task-fields.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export function addDiffCommand(program: Command, terminal: Terminal): void {
  program
    .command('diff')
    .summary('show what a task changed')
    .description("Show a task's changes: its branch against the branch it started from.")
    .argument('<task>', 'an id, a pull request (URL or number), or a branch')
    .option('-R, --repo <owner/repo>', "the repository (default: this checkout's remote)")
    .addHelpText('after', examples('errand diff 0b83c4a1', 'errand diff 0b83c4a1 | git apply'))
    .action((text: string, options: { repo?: string }) => diff(terminal, text, options))
}

async function diff(terminal: Terminal, text: string, options: { repo?: string }): Promise<void> {
  const client = connect(terminal)
  const { cwd, signal } = terminal
  const where = { cwd, signal, ...(options.repo && { repository: options.repo }) }
  const task = await findTask(client, text, where)
  const changes = await readDiff(client, task, signal)
  // What is piped is for a program, like git apply, and must stay as it is.
  terminal.out(terminal.isInteractive ? presentDiff(changes, terminal.paint) : changes)
}

/** From the task itself, or, where the server has no such thing, from the forge's comparison. */
export async function readDiff(
  client: Client,
  task: TaskWithSessions,
  signal: AbortSignal,
): Promise<string> {
  const branch = branchOf(task)
  if (!branch)
    throw new UserError(`The task has no branch: it is ${task.state} and changed nothing yet.`)
  try {
    return await client.call('getTaskDiff', { params: { task_id: task.id }, signal })
  } catch (error) {
    if (!(error instanceof AnswerError) || error.status !== 404) throw error
    const repository = await createForgeLookup(client, signal).repositoryName(task)
    if (repository === undefined) throw error
    const range = `${encodeURIComponent(branch.base_ref)}...${encodeURIComponent(branch.head_ref)}`
    const accept = 'application/vnd.github.diff'
    const response = await client.request('GET', `/repos/${repository}/compare/${range}`, {
      accept,
      signal,
    })
    return response.text()
  }
}

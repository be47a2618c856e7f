import { RecipeError } from '@errand/recipes'
import { connect } from '../client/connection.ts'
import { Exit, UserError } from '../errors.ts'
import { exitCodeOf, followTask } from '../follow-task.ts'
import { createForgeLookup, pickFields } from '../present/task-fields.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type RecipeRun, startRecipe } from './start-recipe.ts'

/** Starts a recipe and tells what became of it, to its end when that is waited for. */
export async function tellRecipe(
  terminal: Terminal,
  run: RecipeRun,
  { wait, json }: { wait?: boolean | undefined; json?: boolean | undefined },
): Promise<void> {
  const client = connect(terminal)
  const { signal } = terminal
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  const started = await told(startRecipe(client, run, signal, onWait))
  const { task, updates, isRunning } = started
  const words = isRunning
    ? 'It runs already'
    : updates === undefined
      ? 'Started'
      : `Started, to bring pull request #${updates.number} up to date`
  if (json !== true) terminal.out(`${words}: ${printableLine(task.html_url ?? task.id)}\n`)
  const quiet: Terminal = { ...terminal, out: () => undefined }
  const ended =
    wait === true ? await followTask(json ? quiet : terminal, client, task.id) : undefined
  const last = ended ?? (await client.call('getTask', { params: { task_id: task.id }, signal }))
  const forge = createForgeLookup(client, signal)
  const names = ['id', 'url', 'state', 'headRef', 'pullRequestUrl', 'error'] as const
  const fields = await pickFields(last, [...names], forge)
  if (json === true) await printJson(terminal, fields)
  if (ended === undefined) return
  if (json !== true) {
    const pull = fields['pullRequestUrl']
    const result = typeof pull === 'string' ? `Pull request: ${pull}` : 'No pull request is needed.'
    terminal.out(`${ended.state === 'completed' ? printableLine(result) : ended.state}\n`)
  }
  if (ended.state !== 'completed') throw new Exit(exitCodeOf(ended.state))
}

/** A recipe's errors as the terminal tells errors. */
export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof RecipeError) throw new UserError(error.message, { cause: error })
    throw error
  }
}

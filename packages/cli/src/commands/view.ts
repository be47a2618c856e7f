import { type Client, isEndState, type TaskWithSessions } from '@errand/contract'
import type { Command } from 'commander'
import { beyondGitHub } from '../client/beyond-github.ts'
import { connect } from '../client/connection.ts'
import { findTask } from '../client/find-task.ts'
import { Exit, UserError } from '../errors.ts'
import { exitCodeOf, followTask } from '../follow-task.ts'
import { createEventPrinter } from '../present/event-printer.ts'
import { createForgeLookup, parseFields, pickFields } from '../present/task-fields.ts'
import { presentTask } from '../present/task-page.ts'
import { printJson } from '../terminal/json-output.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

interface ViewOptions {
  repo?: string
  log?: boolean
  follow?: boolean
  json?: string
  jq?: string
}

export function addViewCommand(program: Command, terminal: Terminal): void {
  program
    .command('view')
    .summary('show a task')
    .description('Show a task: its state, its branch and pull request, its log.')
    .argument('<task>', 'an id, a pull request (URL or number), or a branch')
    .option('-R, --repo <owner/repo>', "the repository (default: this checkout's remote)")
    .option('--log', 'print what happened')
    .option('--follow', 'with --log: go on until the task has ended')
    .option('--json <fields>', 'print these fields as JSON')
    .option('-q, --jq <expression>', 'filter the JSON with a jq expression')
    .addHelpText(
      'after',
      examples(
        'errand view 0b83c4a1 --log --follow',
        'errand view https://github.com/me/shop/pull/12',
        'errand view errand/replace-moment-0b83c4a1 -R me/shop --json state,error',
      ),
    )
    .action((task: string, options: ViewOptions) => view(terminal, task, options))
}

async function view(terminal: Terminal, text: string, options: ViewOptions): Promise<void> {
  if (options.follow && !options.log) throw new UserError('--follow needs --log.')
  if (options.jq !== undefined && options.json === undefined) {
    throw new UserError('--jq works on JSON: say which fields with --json.')
  }
  const fields = options.json === undefined ? undefined : parseFields(options.json)
  const client = connect(terminal)
  const { signal } = terminal
  const where = { cwd: terminal.cwd, signal, ...(options.repo && { repository: options.repo }) }
  const task = await findTask(client, text, where)
  const forge = createForgeLookup(client, signal)
  if (fields) return printJson(terminal, await pickFields(task, fields, forge), options.jq)
  if (!options.log) {
    terminal.out(`${presentTask(terminal, task, await forge.repositoryName(task))}\n`)
    return
  }
  if (!options.follow) return printLog(terminal, client, task)
  const ended = isEndState(task.state)
  if (ended) await printLog(terminal, client, task)
  const after = ended ? task : await followTask(terminal, client, task.id)
  if (after.state !== 'completed') throw new Exit(exitCodeOf(after.state))
}

async function printLog(terminal: Terminal, client: Client, task: TaskWithSessions): Promise<void> {
  const printer = createEventPrinter(terminal, { above: (text) => terminal.out(text) })
  const pages = client.pages('listEvents', {
    params: { task_id: task.id },
    query: { per_page: 1000 },
    signal: terminal.signal,
  })
  const print = async (): Promise<void> => {
    for await (const { events } of pages) for (const event of events) printer.print(event)
  }
  await beyondGitHub('show logs', print())
  printer.flush()
}

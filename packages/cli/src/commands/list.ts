import { type Client, State, type Task } from '@errand/contract'
import type { Command } from 'commander'
import { connect } from '../client/connection.ts'
import { parseRepository } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import {
  type AnyTask,
  createForgeLookup,
  type FieldName,
  type ForgeLookup,
  needsDetail,
  parseFields,
  pickFields,
  pullOf,
} from '../present/task-fields.ts'
import { paintState } from '../terminal/colours.ts'
import { formatAge } from '../terminal/duration.ts'
import { printJson } from '../terminal/json-output.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { parseCount } from './parse-count.ts'

interface ListOptions {
  limit: number
  state?: string
  repo?: string
  json?: string
  jq?: string
}

export function addListCommand(program: Command, terminal: Terminal): void {
  program
    .command('list')
    .summary('list tasks')
    .description('List your tasks, the most recently changed first, or those of a repository.')
    .option('-L, --limit <n>', 'how many at most', parseCount, 30)
    .option('--state <states>', `only these, separated by commas: ${State.options.join(', ')}`)
    .option('-R, --repo <owner/repo>', 'those of a repository, of all its users')
    .option('--json <fields>', 'print these fields as JSON')
    .option('-q, --jq <expression>', 'filter the JSON with a jq expression')
    .addHelpText(
      'after',
      examples(
        'errand list --state queued,in_progress',
        'errand list -R me/shop --json id,state,pullRequestUrl',
        `errand list --json id,state --jq '.[] | select(.state == "failed") | .id'`,
      ),
    )
    .action((options: ListOptions) => list(terminal, options))
}

async function list(terminal: Terminal, options: ListOptions): Promise<void> {
  if (options.jq !== undefined && options.json === undefined) {
    throw new UserError('--jq works on JSON: say which fields with --json.')
  }
  const fields = options.json === undefined ? undefined : parseFields(options.json)
  const states = parseStates(options.state)
  const client = connect(terminal)
  const forge = createForgeLookup(client, terminal.signal)
  const tasks = await readTasks(terminal, client, options, states)
  if (fields)
    return printJson(terminal, await readFields(terminal, client, tasks, fields, forge), options.jq)
  if (tasks.length === 0) {
    if (terminal.isInteractive) terminal.err('No tasks.\n')
    return
  }
  const rows = await Promise.all(tasks.map((task) => presentRow(terminal, task, forge)))
  const heading = ['NAME', 'ID', 'STATE', 'REPOSITORY', 'PULL REQUEST', 'CREATED']
  terminal.out(
    terminal.isInteractive
      ? `${formatTable([heading, ...rows], terminal.columns)}\n`
      : rows.map((row) => `${row.join('\t')}\n`).join(''),
  )
}

async function readTasks(
  { signal }: Terminal,
  client: Client,
  options: ListOptions,
  states: State[] | undefined,
): Promise<Task[]> {
  const query = { per_page: Math.min(options.limit, 100), ...(states && { state: states }) }
  const pages =
    options.repo === undefined
      ? client.pages('listTasks', { params: {}, query, signal })
      : client.pages('listTasksForRepo', { params: parseRepository(options.repo), query, signal })
  const tasks: Task[] = []
  for await (const page of pages) {
    tasks.push(...page.tasks)
    if (tasks.length >= options.limit) break
  }
  return tasks.slice(0, options.limit)
}

/** Lists carry no sessions: what only they tell is asked for task by task. */
async function readFields(
  { signal }: Terminal,
  client: Client,
  tasks: readonly Task[],
  fields: readonly FieldName[],
  forge: ForgeLookup,
): Promise<unknown[]> {
  const picked: unknown[] = []
  for (const task of tasks) {
    const whole: AnyTask = needsDetail(fields)
      ? await client.call('getTask', { params: { task_id: task.id }, signal })
      : task
    picked.push(await pickFields(whole, fields, forge))
  }
  return picked
}

/** A short id is enough for a person: every command takes the beginning of one. */
async function presentRow(terminal: Terminal, task: Task, forge: ForgeLookup): Promise<string[]> {
  const pull = pullOf(task)
  const repository = printableLine((await forge.repositoryName(task)) ?? '')
  if (!terminal.isInteractive) {
    const pullText = printableLine(pull?.html_url ?? '')
    return [
      task.id,
      task.state,
      repository,
      pullText,
      task.created_at,
      printableLine(task.name ?? ''),
    ]
  }
  return [
    printableLine(task.name ?? ''),
    task.id.slice(0, 8),
    paintState(terminal.paint, task.state),
    repository,
    pull?.number === undefined ? '' : `#${pull.number}`,
    formatAge(task.created_at, terminal.now()),
  ]
}

function parseStates(text: string | undefined): State[] | undefined {
  if (text === undefined) return undefined
  return text.split(',').map((name) => {
    const state = State.safeParse(name.trim())
    if (state.success) return state.data
    throw new UserError(`\`${name}\` is not a state. States are: ${State.options.join(', ')}.`)
  })
}

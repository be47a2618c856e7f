import {
  eventNames,
  Triggers,
  type UsageLimit,
  type UsagePeriod,
  usagePeriods,
} from '@errand/contract'
import { type Command, InvalidArgumentError, Option } from 'commander'

/** What create and edit take. */
export interface ChangeOptions {
  repo?: string
  template?: string
  paused?: boolean
  prompt?: string
  fromFile?: string
  name?: string
  description?: string
  cron?: string
  timeZone?: string
  every?: 'hourly' | 'daily' | 'weekly'
  hour?: number
  minute?: number
  day?: number
  on?: Triggers
  model?: string
  agent?: string
  customAgent?: string
  base?: string
  /** Commander's name for `--no-pr` and `--pr`; absent when neither is given. */
  pr?: boolean
  comment?: boolean
  concurrent?: boolean
  limit?: UsageLimit[]
  json?: boolean
}

const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday']

export function addChangeOptions(command: Command): Command {
  return command
    .option('-F, --from-file <file>', 'read the prompt from a file, or from standard input with -')
    .option('-n, --name <name>', 'its name')
    .option('--description <text>', 'what it is for')
    .addOption(
      new Option(
        '--cron <expression>',
        'when: minute, hour, day, month, day of the week',
      ).conflicts('every'),
    )
    .option('--time-zone <zone>', 'whose time --cron means, like Europe/Berlin (default: UTC)')
    .addOption(
      new Option('--every <cadence>', 'when, in UTC').choices(['hourly', 'daily', 'weekly']),
    )
    .option('--hour <hour>', 'of --every daily or weekly: 0 to 23', parseWhole)
    .option('--minute <minute>', 'of --every: 0, 15, 30 or 45', parseWhole)
    .option('--day <day>', 'of --every weekly, like monday', parseDay)
    .option(
      '--on <event>',
      'when something happens, like issues=labeled or \'pull_request={"paths":["docs/**"]}\'; may be repeated',
      collectEvent,
    )
    .option('-m, --model <id>', 'the model; `script` needs none')
    .option('--agent <name>', "the agent of its tasks (default: the model's)")
    .option('-a, --custom-agent <name>', 'a custom agent of the repository')
    .option('-b, --base <branch>', 'the branch to start from (default: the default branch)')
    .option('--pr', 'open a draft pull request (default)')
    .option('--no-pr', 'open no pull request')
    .option('--comment', 'tell the issue or the pull request that began a run how it ended')
    .option('--no-comment', 'tell it nothing (default)')
    .option('--concurrent', 'begin a run while the task of another has not ended')
    .option('--no-concurrent', 'begin none meanwhile (default)')
    .option(
      '--limit <period=amount>',
      'begin no run when this much was used in the day, week or month, in nano AI credits',
      collectLimit,
    )
}

function parseWhole(text: string): number {
  if (/^\d{1,2}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('It must be a whole number.')
}

function parseDay(text: string): number {
  const day = days.findIndex((name) => text.length > 2 && name.startsWith(text.toLowerCase()))
  if (day >= 0) return day
  throw new InvalidArgumentError(`It must be one of ${days.join(', ')}.`)
}

/** `issues`, `issues=opened,labeled`, or its filters as JSON. */
function collectEvent(text: string, before: Triggers = {}): Triggers {
  const [event = '', given = ''] = text.split(/=(.*)/s)
  const name = eventNames.find((one) => one === event)
  if (name === undefined) {
    throw new InvalidArgumentError(`There is no such event. There are ${eventNames.join(', ')}.`)
  }
  const parsed = Triggers.safeParse({ [name]: filtersOf(given) })
  if (parsed.success) return { ...before, ...parsed.data }
  const [issue] = parsed.error.issues
  throw new InvalidArgumentError(`${issue?.path.join('.')}: ${issue?.message}`)
}

function filtersOf(given: string): unknown {
  if (given === '') return {}
  if (!given.startsWith('{')) return { types: given.split(',').map((type) => type.trim()) }
  try {
    return JSON.parse(given)
  } catch (error) {
    if (error instanceof SyntaxError) throw new InvalidArgumentError('It is no JSON.')
    throw error
  }
}

function collectLimit(text: string, before: UsageLimit[] = []): UsageLimit[] {
  const [period = '', amount = ''] = text.split('=')
  const limit = Number(amount)
  const isPeriod = (name: string): name is UsagePeriod =>
    (usagePeriods as readonly string[]).includes(name)
  if (isPeriod(period) && Number.isSafeInteger(limit) && limit > 0) {
    return [...before, { period, limit }]
  }
  throw new InvalidArgumentError('Write it like day=1000000000.')
}

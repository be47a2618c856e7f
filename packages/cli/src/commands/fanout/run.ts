import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { connect } from '../../client/connection.ts'
import { UserError } from '../../errors.ts'
import { findAccount } from '../../fanout/account.ts'
import { isErrandServer } from '../../fanout/ask-kind.ts'
import { type Campaign, StopAfter } from '../../fanout/campaign.ts'
import { estimateCost, type TokenGuess } from '../../fanout/estimate.ts'
import { findTargets, type Looking } from '../../fanout/find-targets.ts'
import { beginJournal, journalPath } from '../../fanout/journal.ts'
import type { PlannedTask } from '../../fanout/journal-record.ts'
import { type CampaignFlags, readCampaign } from '../../fanout/read-campaign.ts'
import type { Repository } from '../../fanout/repository.ts'
import { printable, printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../parse-count.ts'
import { parseCredits } from '../parse-credits.ts'
import { readPrompt } from '../read-prompt.ts'
import {
  addDetachOptions,
  detachCampaign,
  type DetachOptions,
  requireDetachFor,
  serverRulesOf,
} from './detach.ts'
import { followCampaign } from './follow.ts'

interface RunOptions extends DetachOptions {
  campaign?: string
  name?: string
  fromFile?: string
  repo: string[]
  reposFile?: string
  org: string[]
  user: string[]
  search?: string
  topic?: string
  language?: string
  match: string[]
  exclude: string[]
  hasFile: string[]
  archived?: boolean
  forks?: boolean
  variables?: string
  model?: string
  agent?: string
  customAgent?: string
  base?: string
  pr: boolean
  title?: string
  label: string[]
  reviewer: string[]
  teamReviewer: string[]
  concurrency?: number
  canary?: number
  stopAfterFailures?: StopAfter
  maxAiCredits?: number
  estimateTokens?: TokenGuess
  dryRun?: boolean
}

/** How a campaign is begun. */
export const runExamples = [
  'errand fanout "Replace moment by date-fns" --org acme --has-file package.json --dry-run',
  'errand fanout -F prompt.md --repos-file repos.txt --canary 3 --stop-after-failures 10%',
  'errand fanout --campaign campaign.yml',
]

export function addRunCommand(fanout: Command, terminal: Terminal): void {
  const collect = (value: string, before: string[]): string[] => [...before, value]
  const command = fanout
    .command('run', { isDefault: true })
    .summary('begin a campaign (what fanout does by itself)')
    .description('Begin a campaign, and follow it to its end.')
    .argument('[prompt]', 'what is to be done, a Liquid template: {{repo.name}}, {{vars.team}}')
    .option('-F, --from-file <file>', 'read the prompt from a file, or from standard input with -')
    .option('--campaign <file>', 'read all of it from a campaign.yml; flags go before it')
    .option('--name <name>', "its name (default: from the prompt's first line)")
    .option('-R, --repo <owner/repo>', 'this repository; may be given many times', collect, [])
    .option('--repos-file <file>', 'the repositories of a file, one a line, # for comments')
    .option('--org <org>', 'all repositories of an organization', collect, [])
    .option('--user <user>', 'all repositories of a user', collect, [])
    .option('--search <query>', "what the server's repository search finds")
    .option('--topic <topic>', 'only those with a topic')
    .option('--language <language>', 'only those in a language')
    .option('--match <glob>', 'only those whose owner/name matches', collect, [])
    .option('--exclude <glob>', 'not those whose owner/name matches', collect, [])
    .option('--has-file <path>', 'only those that have a file', collect, [])
    .option('--archived', 'archived ones too')
    .option('--forks', 'forks too')
    .option(
      '--variables <file>',
      'variables for each repository: CSV with a column repository, or YAML',
    )
    .option('-m, --model <id>', 'the model; `script` needs none and runs the prompt itself')
    .option('--agent <name>', "the agent that works on it (default: the model's)")
    .option('-a, --custom-agent <name>', 'a custom agent of the repositories')
    .option('-b, --base <branch>', "the branch to start from (default: each one's default branch)")
    .option('--no-pr', 'open no pull requests')
    .option('--title <template>', "each pull request's title, a template like the prompt")
    .option('--label <name>', 'put this label on each pull request', collect, [])
    .option('--reviewer <login>', 'ask for a review of each pull request', collect, [])
    .option('--team-reviewer <slug>', 'ask a team for a review of each', collect, [])
    .option('--concurrency <n>', 'how many tasks may be open at a time', parseCount)
    .option('--canary <n>', 'send so many first, and ask before the rest', parseCount)
    .option('--stop-after-failures <n|n%>', 'send no more after so many failures', parseStopAfter)
    .option('--max-ai-credits <n>', 'what all tasks together may cost', parseCredits)
    .option(
      '--estimate-tokens <in/out>',
      'with --dry-run: how many tokens a task reads and writes, as in 500000/15000',
      parseTokens,
    )
    .option('--dry-run', 'show the repositories, the first prompt and the cost, and send nothing')
    .option('-y, --yes', 'do not ask after the canary')
    .addHelpText('after', examples(...runExamples))
    .action((prompt: string | undefined, options: RunOptions) => run(terminal, prompt, options))
  addDetachOptions(command)
}

async function run(
  terminal: Terminal,
  argument: string | undefined,
  options: RunOptions,
): Promise<void> {
  if (options.estimateTokens !== undefined && options.dryRun !== true) {
    throw new UserError('--estimate-tokens is for --dry-run.')
  }
  const campaign = await toCampaign(terminal, argument, options)
  requireDetachFor(options, campaign)
  const client = connect(terminal)
  const { signal } = terminal
  const onNotice = (text: string) => terminal.err(`${printableLine(text)}\n`)
  const waiting = { signal, onWait: onNotice }
  const isErrand = await isErrandServer(client, waiting)
  const looking = { ...waiting, client, isErrand, onNotice }
  const tasks = await planTasks(terminal, looking, campaign)
  if (!isErrand) requireNoScripts(tasks)
  if (tasks.length === 0) throw new UserError('No repository fits.')
  if (options.dryRun === true) {
    const { estimateTokens: guess } = options
    const cost = await estimateCost(client, campaign, tasks, guess, terminal.signal)
    return showPlan(terminal, campaign, tasks, cost)
  }
  if (options.detach === true) {
    return await detachCampaign(terminal, client, campaign, tasks, { ...options, isErrand })
  }
  const account = await findAccount(client, signal)
  await using journal = await beginJournal(journalPath(terminal.environment, campaign.name), {
    type: 'campaign',
    version: 1,
    at: terminal.now().toISOString(),
    id: randomUUID(),
    server: client.baseUrl,
    ...(account !== undefined && { account }),
    campaign,
    tasks,
  })
  await followCampaign(terminal, journal, { yes: options.yes === true, isRetry: false })
}

async function toCampaign(
  terminal: Terminal,
  argument: string | undefined,
  options: RunOptions,
): Promise<Campaign> {
  const { cwd } = terminal
  const isPromptGiven = argument !== undefined || options.fromFile !== undefined
  const prompt =
    isPromptGiven || options.campaign === undefined
      ? await readPrompt(terminal, argument, options.fromFile)
      : undefined
  const repos = [...options.repo, ...(await readReposFile(cwd, options.reposFile))]
  const targets = {
    ...(repos.length > 0 && { repos }),
    ...(options.org.length > 0 && { orgs: options.org }),
    ...(options.user.length > 0 && { users: options.user }),
    ...(options.search !== undefined && { search: options.search }),
    ...(options.topic !== undefined && { topic: options.topic }),
    ...(options.language !== undefined && { language: options.language }),
    ...(options.match.length > 0 && { match: options.match }),
    ...(options.exclude.length > 0 && { exclude: options.exclude }),
    ...(options.hasFile.length > 0 && { has_file: options.hasFile }),
    ...(options.archived === true && { archived: true }),
    ...(options.forks === true && { forks: true }),
  }
  const name = options.name ?? (prompt === undefined ? undefined : nameOf(prompt))
  const flags: CampaignFlags = {
    ...(prompt !== undefined && { prompt }),
    ...(name !== undefined && { name }),
    ...((Object.keys(targets).length > 0 || options.campaign === undefined) && { targets }),
    ...(options.variables !== undefined && { variables: options.variables }),
    ...(options.model !== undefined && { model: options.model }),
    ...(options.agent !== undefined && { agent: options.agent }),
    ...(options.customAgent !== undefined && { custom_agent: options.customAgent }),
    ...(options.base !== undefined && { base_ref: options.base }),
    ...(!options.pr && { create_pull_request: false }),
    ...pullRequestOf(options),
    ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
    ...(options.canary !== undefined && { canary: options.canary }),
    ...(options.stopAfterFailures !== undefined && {
      stop_after_failures: options.stopAfterFailures,
    }),
    ...(options.maxAiCredits !== undefined && { max_ai_credits: options.maxAiCredits }),
    ...serverRulesOf(options),
  }
  const file = options.campaign === undefined ? undefined : resolve(cwd, options.campaign)
  return readCampaign(file, flags)
}

function pullRequestOf(options: RunOptions): Pick<CampaignFlags, 'pull_request'> {
  const { title, label: labels, reviewer: reviewers, teamReviewer: teams } = options
  const wanted = {
    ...(title !== undefined && { title }),
    ...(labels.length > 0 && { labels }),
    ...(reviewers.length > 0 && { reviewers }),
    ...(teams.length > 0 && { team_reviewers: teams }),
  }
  return Object.keys(wanted).length > 0 ? { pull_request: wanted } : {}
}

/** The first line of a prompt in the letters a name may have. */
function nameOf(prompt: string): string {
  const line = (prompt.trim().split('\n', 1)[0] ?? '').replace(/\{[{%].*?[}%]\}/g, '')
  const slug = line
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
  return slug.slice(0, 50).replace(/-+$/, '') || 'campaign'
}

async function readReposFile(cwd: string, file: string | undefined): Promise<string[]> {
  if (file === undefined) return []
  const lines = (await readFile(resolve(cwd, file), 'utf8')).split('\n')
  return lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '')
}

async function planTasks(
  { cwd }: Terminal,
  looking: Looking,
  campaign: Campaign,
): Promise<PlannedTask[]> {
  // Only a campaign that begins has a template and a spreadsheet to read.
  const { readPromptTemplate } = await import('../../fanout/render-prompt.ts')
  const { readVariables } = await import('../../fanout/read-variables.ts')
  const template = readPromptTemplate(campaign.prompt)
  const variables =
    campaign.variables === undefined
      ? undefined
      : await readVariables(resolve(cwd, campaign.variables))
  const titles =
    campaign.pull_request?.title === undefined
      ? undefined
      : readPromptTemplate(campaign.pull_request.title, 'title')
  const titleOf = (repository: Repository): Pick<PlannedTask, 'title'> => {
    const title = titles?.render(repository, variables?.of(repository.full_name) ?? {})
    return title === undefined ? {} : { title: requireTitle(repository, title) }
  }
  const repositories = await findTargets(looking, campaign.targets)
  return repositories.map((repository) => ({
    repository: repository.full_name,
    prompt: template.render(repository, variables?.of(repository.full_name) ?? {}),
    ...titleOf(repository),
  }))
}

/**
 * A prompt that is a script, or a recipe, is run by Errand. GitHub's agent would read it as words, and it can
 * carry no mark: a create whose answer was lost could not be found again.
 *
 * @throws UserError naming the first repository whose prompt is one
 */
function requireNoScripts(tasks: readonly PlannedTask[]): void {
  const script = tasks.find(({ prompt }) => /^\s*#!/.test(prompt))
  if (script === undefined) return
  throw new UserError(
    `The prompt for ${script.repository} is a script or a recipe (#!), which only Errand runs: GitHub's agent is asked in words.`,
    { remedy: 'Say in words what is to be done, or set ERRAND_URL to an Errand server.' },
  )
}

/** GitHub's limit of a title is 256 characters. */
function requireTitle({ full_name: name }: Repository, text: string): string {
  const title = text.replace(/\s+/g, ' ').trim()
  if (title !== '' && title.length <= 256) return title
  throw new UserError(
    `The title for ${name} must have 1 to 256 characters, and has ${title.length}.`,
  )
}

function showPlan(
  terminal: Terminal,
  campaign: Campaign,
  tasks: readonly PlannedTask[],
  cost: string,
): void {
  for (const { repository } of tasks) terminal.out(`${printableLine(repository)}\n`)
  const [first] = tasks
  if (first === undefined) return
  const count = `${tasks.length} ${tasks.length === 1 ? 'repository' : 'repositories'}`
  terminal.out(`\n${count}. The prompt for ${printableLine(first.repository)}:\n\n`)
  terminal.out(`${printable(first.prompt.trimEnd())}\n\n`)
  if (first.title !== undefined) terminal.out(`Its title: ${printableLine(first.title)}\n\n`)
  terminal.out(`${printableLine(cost)}\n`)
  terminal.out(`Campaign ${campaign.name}: nothing was sent.\n`)
}

function parseStopAfter(text: string): StopAfter {
  const parsed = StopAfter.safeParse(/^\d+$/.test(text) ? Number(text) : text)
  if (parsed.success) return parsed.data
  throw new InvalidArgumentError('It must be a number above 0, or a percentage like 10%.')
}

function parseTokens(text: string): TokenGuess {
  const [, input, output] = /^(\d{1,12})\/(\d{1,12})$/.exec(text) ?? []
  if (input !== undefined && output !== undefined) {
    return { input: Number(input), output: Number(output) }
  }
  throw new InvalidArgumentError('It must be two whole numbers, as in 500000/15000.')
}

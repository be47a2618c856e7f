import { type CallInput, type Client, OpenPullCaps, speaksErrand } from '@errand/contract'
import { type Command, InvalidArgumentError } from 'commander'
import { UserError } from '../../errors.ts'
import { type Campaign } from '../../fanout/campaign.ts'
import { type PlannedTask } from '../../fanout/journal-record.ts'
import { summarizeCampaign } from '../../present/campaign.ts'
import { type Terminal } from '../../terminal/terminal.ts'
import { parseCount } from '../parse-count.ts'

/** What only the server can do, and so needs `--detach`. */
export interface DetachOptions {
  detach?: boolean
  wave: number[]
  pauseAfterWave?: boolean
  maxOpenPulls: OpenPullCaps
  yes?: boolean
}

export function addDetachOptions(command: Command): void {
  command
    .option('-d, --detach', 'let the server keep it and carry it on; see `errand campaign`')
    .option(
      '--wave <n>',
      'with --detach: how many repositories the first waves have; may be given many times',
      (text: string, before: number[]) => [...before, parseCount(text)],
      [],
    )
    .option(
      '--pause-after-wave',
      'with --detach: wait for `errand campaign resume` after each wave',
    )
    .option(
      '--max-open-pulls <what=n>',
      'with --detach: no more open pull requests than this per_repository, per_author or per_reviewer',
      parseCap,
      {},
    )
}

/** Throws `UserError` for a flag that would do nothing. */
export function requireDetachFor(options: DetachOptions): void {
  const given = [
    ...(options.wave.length > 0 ? ['--wave'] : []),
    ...(options.pauseAfterWave === true ? ['--pause-after-wave'] : []),
    ...(Object.keys(options.maxOpenPulls).length > 0 ? ['--max-open-pulls'] : []),
  ]
  if (options.detach === true || given.length === 0) return
  throw new UserError(`${given.join(' and ')} is the server's to obey.`, {
    remedy: 'Add --detach.',
  })
}

/** Gives the campaign to the server, in one request, and ends: it goes on without this command. */
export async function detachCampaign(
  terminal: Terminal,
  client: Client,
  campaign: Campaign,
  tasks: readonly PlannedTask[],
  options: DetachOptions,
): Promise<void> {
  const { signal } = terminal
  if (!(await speaksErrand(client, signal))) {
    throw new UserError('This server keeps no campaigns: GitHub has nothing like them.', {
      remedy: 'Without --detach the campaign is sent from here.',
    })
  }
  const body = { ...fieldsOf(campaign), ...rulesOf(campaign, options), targets: targetsOf(tasks) }
  // Sent again after a lost answer, it is the same campaign.
  const headers = { 'idempotency-key': crypto.randomUUID() }
  const created = await client.call('createCampaign', { params: {}, headers, body, signal })
  terminal.out(summarizeCampaign(created, terminal.now()))
  terminal.err(`The server carries it on. Look at it with: errand campaign view ${created.name}\n`)
}

type Body = CallInput<'createCampaign'>['body']

function fieldsOf({ name, model, custom_agent, base_ref, create_pull_request, ...rest }: Campaign) {
  const { prompt, agent, pull_request: pull } = rest
  const { labels = [], reviewers = [], team_reviewers = [] } = pull ?? {}
  return {
    name,
    pull_request: { labels, reviewers, team_reviewers },
    // Of no target's: each has one of its own, rendered here.
    prompt,
    create_pull_request,
    ...(model === undefined ? {} : { model }),
    ...(agent === undefined ? {} : { agent }),
    ...(custom_agent === undefined ? {} : { custom_agent }),
    ...(base_ref === undefined ? {} : { base_ref }),
  }
}

/** A canary is a first wave after which somebody looks. */
function rulesOf(
  { concurrency, canary, stop_after_failures: stop, max_ai_credits: budget }: Campaign,
  { wave, pauseAfterWave, maxOpenPulls, yes }: DetachOptions,
): Pick<
  Body,
  | 'waves'
  | 'pause_after_wave'
  | 'concurrency'
  | 'stop_after_failures'
  | 'max_ai_credits'
  | 'max_open_pulls'
> {
  return {
    waves: [...(canary === undefined ? [] : [canary]), ...wave],
    pause_after_wave: pauseAfterWave === true || (canary !== undefined && yes !== true),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(stop === undefined ? {} : { stop_after_failures: stop }),
    ...(budget === undefined ? {} : { max_ai_credits: budget }),
    ...(Object.keys(maxOpenPulls).length === 0 ? {} : { max_open_pulls: maxOpenPulls }),
  }
}

function targetsOf(tasks: readonly PlannedTask[]): Body['targets'] {
  return tasks.map(({ repository, prompt, title }) => ({
    repository,
    prompt,
    ...(title === undefined ? {} : { pull_request: { title } }),
  }))
}

function parseCap(text: string, before: OpenPullCaps): OpenPullCaps {
  const [what = '', number = ''] = text.split('=')
  if (!(what in OpenPullCaps.shape)) {
    const names = Object.keys(OpenPullCaps.shape).join(', ')
    throw new InvalidArgumentError(`It must be one of ${names}, as in per_reviewer=5.`)
  }
  return { ...before, [what]: parseCount(number) }
}

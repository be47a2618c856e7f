import { createHash, randomUUID } from 'node:crypto'
import {
  type CallInput,
  type Campaign as CampaignOnServer,
  type Client,
  OpenPullCaps,
  untilReached,
} from '@errand/contract'
import { type Command, InvalidArgumentError } from 'commander'
import { UserError } from '../../errors.ts'
import type { Campaign } from '../../fanout/campaign.ts'
import type { PlannedTask } from '../../fanout/journal-record.ts'
import { summarizeCampaign } from '../../present/campaign.ts'
import { printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { parseCount } from '../parse-count.ts'

/** What only the server can do, and so needs `--detach`. */
export interface DetachOptions {
  detach?: boolean
  wave: number[]
  pauseAfterWave?: boolean
  maxOpenPulls: OpenPullCaps
  yes?: boolean
  anew?: boolean
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
    .option(
      '--anew',
      'with --detach: begin another, where the server has the same campaign from an earlier run',
    )
}

/** What flags say of the rules that are the server's to obey. */
export function serverRulesOf({
  wave,
  pauseAfterWave,
  maxOpenPulls,
}: DetachOptions): Pick<Campaign, 'waves' | 'pause_after_wave' | 'max_open_pulls'> {
  return {
    ...(wave.length > 0 && { waves: wave }),
    ...(pauseAfterWave === true && { pause_after_wave: true }),
    ...(Object.keys(maxOpenPulls).length > 0 && { max_open_pulls: maxOpenPulls }),
  }
}

const serverRules = {
  waves: '--wave (waves)',
  pause_after_wave: '--pause-after-wave (pause_after_wave)',
  max_open_pulls: '--max-open-pulls (max_open_pulls)',
} as const satisfies Partial<Record<keyof Campaign, string>>

/**
 * Throws `UserError` for a flag, or a key of the campaign's file, that would do nothing: a campaign that is
 * sent from here is watched by nobody between its waves, and sees no other's pull requests.
 */
export function requireDetachFor(options: DetachOptions, campaign: Campaign): void {
  if (options.detach === true) return
  if (options.anew === true) throw new UserError('--anew is for --detach.')
  const given = Object.entries(serverRules).flatMap(([key, name]) =>
    key in campaign ? [name] : [],
  )
  if (given.length === 0) return
  throw new UserError(`A campaign sent from here cannot obey ${given.join(' and ')}.`, {
    remedy: 'Add --detach, so that the server keeps it; or use --canary and --concurrency.',
  })
}

/** Gives the campaign to the server, in one request, and ends: it goes on without this command. */
export async function detachCampaign(
  terminal: Terminal,
  client: Client,
  campaign: Campaign,
  tasks: readonly PlannedTask[],
  options: DetachOptions & { isErrand: boolean },
): Promise<void> {
  if (!options.isErrand) {
    throw new UserError('This server keeps no campaigns: GitHub has nothing like them.', {
      remedy: 'Without --detach the campaign is sent from here.',
    })
  }
  const body = { ...fieldsOf(campaign), ...rulesOf(campaign, options), targets: targetsOf(tasks) }
  const { created, isReplayed } = await create(terminal, client, body, options.anew === true)
  terminal.out(summarizeCampaign(created, terminal.now()))
  if (isReplayed) {
    terminal.err(
      `The server has this very campaign since ${created.created_at}: nothing was sent twice. To begin another: --anew\n`,
    )
  }
  terminal.err(
    `The server carries it on. Look at it with: errand campaign view ${printableLine(created.name)}\n`,
  )
}

/**
 * Sends it until it is answered. The key says what is sent: whoever runs the command again, because they
 * did not hear the answer, finds the campaign they have.
 */
async function create(
  terminal: Terminal,
  client: Client,
  body: Body,
  isAnew: boolean,
): Promise<{ created: CampaignOnServer; isReplayed: boolean }> {
  const { signal } = terminal
  const key = isAnew
    ? randomUUID()
    : `fanout ${createHash('sha256').update(JSON.stringify(body)).digest('hex')}`
  const onWait = (reason: string) => terminal.err(`${reason}\n`)
  let tries = 0
  return untilReached({ signal, onWait }, async () => {
    tries += 1
    const headers = { 'idempotency-key': key }
    const response = await client.request('POST', '/agents/campaigns', { headers, body, signal })
    const isKnown = response.headers.get('idempotent-replay') === 'true'
    // The route's own answer. After a lost one, the campaign found is the one just begun.
    const created = (await response.json()) as CampaignOnServer
    return { created, isReplayed: isKnown && tries === 1 }
  })
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
  {
    concurrency,
    canary,
    stop_after_failures: stop,
    max_ai_credits: budget,
    waves = [],
    pause_after_wave: pauses = false,
    max_open_pulls: caps,
  }: Campaign,
  { yes }: DetachOptions,
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
    waves: [...(canary === undefined ? [] : [canary]), ...waves],
    pause_after_wave: pauses || (canary !== undefined && yes !== true),
    ...(concurrency === undefined ? {} : { concurrency }),
    ...(stop === undefined ? {} : { stop_after_failures: stop }),
    ...(budget === undefined ? {} : { max_ai_credits: budget }),
    ...(caps === undefined ? {} : { max_open_pulls: caps }),
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

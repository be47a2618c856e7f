import type { Webhook, WebhookDelivery, WebhookDeliveryItem } from '@errand/contract'
import { type Command, Option } from 'commander'
import { connect } from '../client/connection.ts'
import { findRepository } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import { printJson } from '../terminal/json-output.ts'
import { printable, printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { parseCount } from './parse-count.ts'

interface Whose {
  repo?: string
  org?: string
}

interface CreateOptions extends Whose {
  event: string[]
  contentType: 'json' | 'form'
  secret?: string
  secretEnv?: string
  insecureSsl?: boolean
  json?: boolean
}

/** Webhooks of repositories and organizations, on Errand and on GitHub. */
export function addWebhookCommand(program: Command, terminal: Terminal): void {
  const webhook = program
    .command('webhook')
    .summary('have others told of what happens')
    .description('Webhooks of a repository or an organization, for its administrators.')
    .helpCommand(false)
  const add = (name: string, summary: string, ...lines: string[]): Command =>
    webhook
      .command(name)
      .summary(summary)
      .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
      .option('-R, --repo <owner/repo>', "a repository (default: this checkout's remote)")
      .addOption(new Option('--org <org>', 'an organization').conflicts('repo'))
      .addHelpText('after', examples(...lines))
  add(
    'create',
    'add a webhook',
    'errand webhook create https://ci.example.com/hook --event agent_task',
  )
    .argument('<url>', 'where it is sent')
    .option('-e, --event <event...>', 'what it is told of, or *', ['agent_task'])
    .addOption(
      new Option('--content-type <type>', 'how it is sent')
        .choices(['json', 'form'])
        .default('json'),
    )
    .option(
      '--secret <secret>',
      'what signs it; seen by who lists processes, rather name a variable',
    )
    .option('--secret-env <name>', 'the environment variable with what signs it')
    .option('--insecure-ssl', 'take any certificate')
    .option('--json', 'print it as JSON')
    .action((url: string, options: CreateOptions) => create(terminal, url, options))
  add('list', 'list webhooks', 'errand webhook list -R me/shop')
    .option('--json', 'print them as JSON')
    .action((options: Whose & { json?: boolean }) => list(terminal, options))
  add('view', 'show a webhook', 'errand webhook view 12')
    .argument('<id>', 'its number', parseCount)
    .option('--json', 'print it as JSON')
    .action(async (id: number, options: Whose & { json?: boolean }) => {
      const hook = await ask<Webhook>(terminal, 'GET', options, `/${id}`)
      if (options.json) return printJson(terminal, hook)
      terminal.out(present(hook))
    })
  add('delete', 'delete a webhook', 'errand webhook delete 12')
    .argument('<id>', 'its number', parseCount)
    .action(async (id: number, options: Whose) => {
      await request(terminal, 'DELETE', options, `/${id}`)
      terminal.err('Deleted.\n')
    })
  add('ping', 'have a webhook pinged', 'errand webhook ping 12')
    .argument('<id>', 'its number', parseCount)
    .action(async (id: number, options: Whose) => {
      await request(terminal, 'POST', options, `/${id}/pings`)
      terminal.err(`On its way: errand webhook deliveries ${id} shows what comes of it.\n`)
    })
  add('deliveries', 'show what a webhook was told', 'errand webhook deliveries 12 --failed')
    .argument('<id>', 'its number', parseCount)
    .option('--failed', 'only what it did not take')
    .option('-L, --limit <number>', 'how many at most', parseCount, 30)
    .option('--json', 'print them as JSON')
    .action((id: number, options: Whose & { failed?: boolean; limit: number; json?: boolean }) =>
      deliveries(terminal, id, options),
    )
  add('delivery', 'show one delivery as it was sent and answered', 'errand webhook delivery 12 345')
    .argument('<id>', "the webhook's number", parseCount)
    .argument('<delivery>', 'its number', parseCount)
    .action(async (id: number, number: number, options: Whose) => {
      const path = `/${id}/deliveries/${number}`
      return printJson(terminal, await ask<WebhookDelivery>(terminal, 'GET', options, path))
    })
  add('redeliver', 'tell it again', 'errand webhook redeliver 12 345')
    .argument('<id>', "the webhook's number", parseCount)
    .argument('<delivery>', "the delivery's number", parseCount)
    .action(async (id: number, number: number, options: Whose) => {
      await request(terminal, 'POST', options, `/${id}/deliveries/${number}/attempts`)
      terminal.err('On its way.\n')
    })
}

async function create(terminal: Terminal, url: string, options: CreateOptions): Promise<void> {
  const hook = await ask<Webhook>(terminal, 'POST', options, '', {
    name: 'web',
    active: true,
    events: options.event,
    config: {
      url,
      content_type: options.contentType,
      insecure_ssl: options.insecureSsl ? '1' : '0',
      ...secretOf(terminal, options),
    },
  })
  if (options.json) return printJson(terminal, hook)
  terminal.out(present(hook))
}

function secretOf(terminal: Terminal, { secret, secretEnv }: CreateOptions): { secret?: string } {
  if (secretEnv === undefined) return secret === undefined ? {} : { secret }
  const value = terminal.environment[secretEnv]
  if (value === undefined || value === '') {
    throw new UserError(`--secret-env names ${secretEnv}, which is not set.`)
  }
  return { secret: value }
}

async function list(terminal: Terminal, options: Whose & { json?: boolean }): Promise<void> {
  const hooks = await ask<Webhook[]>(terminal, 'GET', options, '?per_page=100')
  if (options.json) return printJson(terminal, hooks)
  if (hooks.length === 0) return terminal.err('There are no webhooks.\n')
  const rows = hooks.map((hook) => [
    printableLine(hook.config.url),
    String(hook.id),
    printableLine(hook.events.join(', ')),
    hook.active ? printableLine(hook.last_response?.status ?? '') : 'off',
  ])
  terminal.out(`${formatTable([['URL', 'ID', 'EVENTS', 'STATE'], ...rows], terminal.columns)}\n`)
}

async function deliveries(
  terminal: Terminal,
  id: number,
  options: Whose & { failed?: boolean; limit: number; json?: boolean },
): Promise<void> {
  const path = `/${id}/deliveries?per_page=${Math.min(100, options.failed ? 100 : options.limit)}`
  const found = await ask<WebhookDeliveryItem[]>(terminal, 'GET', options, path)
  const isTaken = ({ status_code: code }: WebhookDeliveryItem) => code >= 200 && code < 300
  const shown = found.filter((item) => !options.failed || !isTaken(item)).slice(0, options.limit)
  if (options.json) return printJson(terminal, shown)
  if (shown.length === 0) return terminal.err('There are none.\n')
  const rows = shown.map((item) => [
    printableLine(`${item.event}${item.action === null ? '' : ` ${item.action}`}`),
    String(item.id),
    item.delivered_at,
    terminal.paint(
      isTaken(item) ? 'green' : 'red',
      printableLine(item.status_code === 0 ? item.status : `${item.status_code} ${item.status}`),
    ),
    item.redelivery ? 'again' : '',
  ])
  const heading = ['EVENT', 'ID', 'TIME', 'ANSWER', '']
  terminal.out(`${formatTable([heading, ...rows], terminal.columns)}\n`)
}

function present(hook: Webhook): string {
  const { config, last_response: last } = hook
  const lines = [
    `webhook ${hook.id}: ${config.url}`,
    `events: ${hook.events.join(', ')}${hook.active ? '' : ' (off)'}`,
    `sent as ${config.content_type}, ${config.secret === undefined ? 'not signed' : 'signed'}${config.insecure_ssl === '1' ? ', any certificate' : ''}`,
    ...(last === undefined ? [] : [`last answer: ${last.code ?? 'none'} ${last.message ?? ''}`]),
  ]
  return lines.map((line) => `${printable(line).trimEnd()}\n`).join('')
}

async function ask<T>(
  terminal: Terminal,
  method: string,
  whose: Whose,
  below: string,
  body?: object,
): Promise<T> {
  const response = await request(terminal, method, whose, below, body)
  // Shown with care: every text is made printable.
  return (await response.json()) as T
}

async function request(
  terminal: Terminal,
  method: string,
  { repo, org }: Whose,
  below: string,
  body?: object,
): Promise<Response> {
  const { signal } = terminal
  const root =
    org === undefined
      ? `/repos/${await nameOf(terminal, repo)}/hooks`
      : `/orgs/${encodeURIComponent(org)}/hooks`
  return await connect(terminal).request(method, root + below, {
    signal,
    ...(body === undefined ? {} : { body }),
  })
}

async function nameOf(terminal: Terminal, asked: string | undefined): Promise<string> {
  const { owner, repo } = await findRepository(asked, terminal.cwd)
  return `${owner}/${repo}`
}

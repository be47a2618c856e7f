import { AnswerError, type Client, createClient, speaksErrand } from '@errand/contract'
import type { Command } from 'commander'
import { normalizeUrl } from '../client/connection.ts'
import { hostsFilePath, readHosts, writeHosts } from '../client/hosts-file.ts'
import { UserError } from '../errors.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

const defaultUrl = 'http://127.0.0.1:4000'

export function addLoginCommand(program: Command, terminal: Terminal): void {
  program
    .command('login')
    .summary('sign in to a server')
    .description(
      "Keep a server's URL and a token for it. The token is asked for, or read from standard input; or made by signing in on a page, with --web.",
    )
    .argument('[url]', `the server's API (default: ERRAND_URL, or ${defaultUrl})`)
    .option('-w, --web', 'show a code, to be entered where you are signed in')
    .option(
      '--client-id <id>',
      'with --web: the OAuth app that asks, on GitHub (default: ERRAND_GITHUB_CLIENT_ID)',
    )
    .option('-s, --scopes <scopes>', 'with --web: the scopes of the token, with commas', splitList)
    .addHelpText(
      'after',
      examples(
        'errand login https://errand.example.com',
        'errand login https://errand.example.com --web',
        'errand login https://api.github.com < token.txt',
      ),
    )
    .action((url: string | undefined, options: LoginOptions) => login(terminal, url, options))
}

export function addLogoutCommand(program: Command, terminal: Terminal): void {
  program
    .command('logout')
    .summary('forget a server')
    .description('Forget the token of a server.')
    .argument('[url]', 'the server (default: the one signed in to last)')
    .addHelpText('after', examples('errand logout https://errand.example.com'))
    .action((url: string | undefined) => logout(terminal, url))
}

interface LoginOptions {
  web?: boolean
  clientId?: string
  scopes?: string[]
}

async function login(
  terminal: Terminal,
  given: string | undefined,
  options: LoginOptions,
): Promise<void> {
  const { environment, signal } = terminal
  const url = normalizeUrl(given ?? environment.ERRAND_URL ?? defaultUrl)
  const token = await findToken(terminal, url, options)
  if (token === '') throw new UserError('No token was given.')
  const client = createClient({ baseUrl: url, token, userAgent: 'errand-cli' })
  const user = await findLogin(client, signal)
  const hosts = readHosts(environment)
  hosts.hosts[url] = { token, login: user ?? '' }
  writeHosts(environment, { ...hosts, current: url })
  terminal.err(
    `Signed in to ${url}${user === undefined ? '' : ` as ${printableLine(user)}`}. Kept in ${hostsFilePath(environment)}.\n`,
  )
}

/**
 * Whose token it is. Undefined where a server takes it and does not say: an Errand whose forge is
 * elsewhere has no users of its own.
 */
async function findLogin(client: Client, signal: AbortSignal): Promise<string | undefined> {
  try {
    const user = await client.request('GET', '/user', { signal })
    return ((await user.json()) as { login: string }).login
  } catch (error) {
    const isMissing = error instanceof AnswerError && error.status === 404
    if (isMissing && (await speaksErrand(client, signal))) return undefined
    throw error
  }
}

async function findToken(
  terminal: Terminal,
  url: string,
  { web, ...options }: LoginOptions,
): Promise<string> {
  if (web === true) {
    const { webLogin } = await import('../login/web-login.ts')
    return await webLogin(terminal, url, options)
  }
  if (options.clientId !== undefined || options.scopes !== undefined) {
    throw new UserError('--client-id and --scopes go with --web.')
  }
  const token = terminal.canAsk
    ? await terminal.ask(`Token for ${url}: `, { isSecret: true })
    : await terminal.readInput()
  return token.trim()
}

function splitList(text: string): string[] {
  return text.split(/[\s,]+/).filter((name) => name !== '')
}

function logout({ environment, err }: Terminal, given: string | undefined): void {
  const { current, hosts } = readHosts(environment)
  const url = given === undefined ? current : normalizeUrl(given)
  if (url === undefined || !hosts[url]) {
    throw new UserError(`You are not signed in to ${url ?? 'any server'}.`)
  }
  const { [url]: _forgotten, ...rest } = hosts
  const next = url === current ? Object.keys(rest)[0] : current
  writeHosts(environment, { hosts: rest, ...(next !== undefined && { current: next }) })
  err(`Signed out of ${url}.\n`)
}

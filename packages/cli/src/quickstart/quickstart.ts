import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Client, createClient, type Settings } from '@errand/contract'
import { checkoutDir } from '../client/install-dir.ts'
import type { QuickstartOptions } from '../commands/quickstart.ts'
import { UserError } from '../errors.ts'
import { followTask } from '../follow-task.ts'
import { runGit } from '../import/git-command.ts'
import { type ImportedRepository, importRepository } from '../import/import-repository.ts'
import { untilStopped } from '../serve/serve.ts'
import { type RunningServer, startServer } from '../serve/start-server.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { openFileLog } from './file-log.ts'
import { prepareSettings } from './quickstart-settings.ts'
import { showPull } from './show-pull.ts'
import { chooseTask, type QuickstartTask } from './task.ts'

/**
 * `script/quickstart`: the way of one task, told while it happens. All that comes after the server's
 * start goes through its HTTP API, as any client would do it.
 */
export async function quickstart(terminal: Terminal, options: QuickstartOptions): Promise<void> {
  const source = options.repo ?? checkoutDir()
  if (source === undefined) throw new UserError('Say on which repository, with --repo PATH_OR_URL.')
  const { settings, notes } = await prepareSettings(terminal, options)
  await using server = await openServer(terminal, settings)
  const client = createClient({
    baseUrl: server.url,
    token: server.token,
    userAgent: 'errand-quickstart',
  })
  say(terminal, `Errand is running at ${server.publicUrl}`)

  const repository = await importSource(terminal, client, server.token, source)
  const task = chooseTask(settings, notes)
  say(terminal, task.reason)
  await runTask(terminal, client, repository, task)

  say(terminal, `To open the pages, sign in with the token in ${server.tokenPath}`)
  if (options.once) {
    say(terminal, `Errand stops. To open them later: npx errand serve --data ${settings.data}`)
    return
  }
  say(terminal, 'Errand goes on serving until Ctrl-C.')
  await untilStopped(terminal.signal)
}

interface OpenServer extends AsyncDisposable, Pick<RunningServer, 'url' | 'publicUrl'> {
  token: string
  tokenPath: string
}

async function openServer(terminal: Terminal, settings: Settings): Promise<OpenServer> {
  await mkdir(settings.data, { recursive: true, mode: 0o700 })
  const logPath = join(settings.data, 'quickstart.log')
  const server = await startServer(settings, terminal.environment, openFileLog(logPath))
  const { url, publicUrl, ownerToken, close } = server
  if (ownerToken === undefined) throw new Error('an embedded forge has an owner')
  const { secret: token, path: tokenPath } = ownerToken
  return { url, publicUrl, token, tokenPath, [Symbol.asyncDispose]: close }
}

async function importSource(
  terminal: Terminal,
  client: Client,
  token: string,
  source: string,
): Promise<ImportedRepository> {
  const { environment, cwd, signal } = terminal
  // Every server that speaks the API has this field.
  const user = (await (await client.request('GET', '/user', { signal })).json()) as {
    login: string
  }
  const name = { owner: user.login, repo: repositoryName(resolveSource(source, cwd)) }
  say(terminal, `Importing ${printableLine(source)} as ${name.owner}/${name.repo}`)
  return importRepository(source, name, {
    client,
    token,
    environment,
    cwd,
    signal,
    isPublic: true,
    onHistoryMissing: (reason) => say(terminal, `${reason} It goes in with one commit.`),
  })
}

function resolveSource(source: string, cwd: string): string {
  return source.includes('://') ? source : resolve(cwd, source)
}

/** The last part of a path or URL, in the characters a repository's name may have. */
export function repositoryName(source: string): string {
  const last =
    source
      .replace(/[/\\]+$/, '')
      .replace(/\.git$/, '')
      .split(/[/\\:]/)
      .at(-1) ?? ''
  return last.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, '') || 'repository'
}

async function runTask(
  terminal: Terminal,
  client: Client,
  repository: ImportedRepository,
  task: QuickstartTask,
): Promise<void> {
  const [owner = '', repo = ''] = repository.full_name.split('/')
  const created = await client.call('createTask', {
    params: { owner, repo },
    body: { ...task.body, base_ref: repository.default_branch, create_pull_request: true },
    signal: terminal.signal,
  })
  say(terminal, `POST /agents/repos/${owner}/${repo}/tasks answered 201 with task ${created.id}`)
  const ended = await followTask(terminal, client, created.id)
  const pull = await showPull(terminal, client, repository.full_name, ended)
  await requireClonable(terminal, repository.clone_url, pull.branch)
  say(terminal, `pull request  ${pull.url}`)
  say(terminal, `task          ${printableLine(created.html_url ?? '')}`)
  say(terminal, `the branch    git clone -b ${pull.branch} ${repository.clone_url}`)
}

/** Shows by doing it that the branch can be had with plain git. Throws `UserError` when it cannot. */
async function requireClonable(terminal: Terminal, url: string, branch: string): Promise<void> {
  const { environment, signal } = terminal
  const scratch = await mkdtemp(join(tmpdir(), 'errand-clone-'))
  try {
    const args = ['clone', '--quiet', '--bare', '--depth', '1', '--branch', branch, url, scratch]
    await runGit(args, { environment: { ...environment, GIT_TERMINAL_PROMPT: '0' }, signal })
  } finally {
    await rm(scratch, { recursive: true, force: true })
  }
  say(terminal, `git clone has fetched the branch ${branch}`)
}

function say(terminal: Terminal, sentence: string): void {
  terminal.out(`${terminal.paint('cyan', '==>')} ${terminal.paint('bold', sentence)}\n`)
}

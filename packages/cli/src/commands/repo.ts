import { createClient } from '@errand/contract'
import type { Command } from 'commander'
import { connect, findConnection } from '../client/connection.ts'
import { parseRepository } from '../client/git-remote.ts'
import { importRepository } from '../import/import-repository.ts'
import { formatAge } from '../terminal/duration.ts'
import { printableLine } from '../terminal/printable.ts'
import { formatTable } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'
import { addShareCommands } from './repo-share.ts'

export function addRepoCommand(program: Command, terminal: Terminal): void {
  const repo = program
    .command('repo')
    .summary('import, list and share repositories')
    .description('Copy repositories into the forge, list them, and let others work in them.')
    .helpCommand(false)
  repo
    .command('import')
    .summary('copy a repository into the forge')
    .description(
      "Copy a repository's branches and tags into the forge. Run again, it adds what is new and overwrites nothing.",
    )
    .argument('<source>', 'a folder, or a URL git can clone')
    .argument('<owner/name>', 'what it is to be called')
    .addHelpText(
      'after',
      examples(
        'errand repo import ~/code/shop me/shop',
        'errand repo import https://example.com/shop.git me/shop',
      ),
    )
    .action((source: string, name: string) => importCommand(terminal, source, name))
  repo
    .command('list')
    .summary('list repositories')
    .description('List the repositories you may see.')
    .addHelpText('after', examples('errand repo list'))
    .action(() => list(terminal))
  addShareCommands(repo, terminal)
}

async function importCommand(terminal: Terminal, source: string, name: string): Promise<void> {
  const { url, token } = findConnection(terminal)
  const { environment, cwd, signal } = terminal
  const imported = await importRepository(source, parseRepository(name), {
    client: createClient({ baseUrl: url, token, userAgent: 'errand-cli' }),
    token,
    environment,
    cwd,
    signal,
    ...(terminal.isInteractive && { onProgress: (text: string) => terminal.err(text) }),
  })
  terminal.out(`${printableLine(imported.html_url)}\n`)
}

interface ListedRepository {
  full_name: string
  default_branch: string
  private: boolean
  updated_at?: string
}

async function list(terminal: Terminal): Promise<void> {
  const client = connect(terminal)
  const rows: string[][] = []
  for (let page = 1; ; page += 1) {
    const query = { per_page: 100, page }
    const response = await client.request('GET', '/user/repos', { query, signal: terminal.signal })
    // The fields used are those every GitHub-compatible forge has.
    const repositories = (await response.json()) as ListedRepository[]
    for (const repository of repositories) rows.push(presentRow(terminal, repository))
    if (!/rel="next"/.test(response.headers.get('link') ?? '')) break
  }
  if (rows.length === 0 && terminal.isInteractive)
    terminal.err('No repositories yet: errand repo import\n')
  if (rows.length === 0) return
  terminal.out(
    terminal.isInteractive
      ? `${formatTable(rows, terminal.columns)}\n`
      : rows.map((row) => `${row.join('\t')}\n`).join(''),
  )
}

function presentRow(terminal: Terminal, repository: ListedRepository): string[] {
  const { full_name: name, default_branch: branch, updated_at: updated } = repository
  const changed =
    terminal.isInteractive && updated ? formatAge(updated, terminal.now()) : (updated ?? '')
  return [
    printableLine(name),
    repository.private ? 'private' : 'public',
    printableLine(branch ?? ''),
    changed,
  ]
}

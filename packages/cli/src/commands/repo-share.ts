import { type Command, Option } from 'commander'
import { connect } from '../client/connection.ts'
import { parseRepository } from '../client/git-remote.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

/** As GitHub's API names them. */
const permissions = ['pull', 'triage', 'push', 'maintain', 'admin']

/** Collaborators of a repository, on Errand and on GitHub, which invites them. */
export function addShareCommands(repo: Command, terminal: Terminal): void {
  repo
    .command('share')
    .summary('let somebody work in a repository')
    .description('Let somebody work in a repository, or change what they may do there.')
    .argument('<owner/name>', 'the repository')
    .argument('<login>', 'who')
    .addOption(
      new Option('-p, --permission <permission>', 'what they may do')
        .choices(permissions)
        .default('push'),
    )
    .addHelpText('after', examples('errand repo share me/shop ann --permission push'))
    .action(async (name: string, login: string, { permission }: { permission: string }) => {
      const { status } = await change(terminal, 'PUT', name, login, { permission })
      const done = status === 201 ? 'is invited to' : `may ${permission} in`
      terminal.err(`${printableLine(login)} ${done} ${printableLine(name)}.\n`)
    })
  repo
    .command('unshare')
    .summary('let somebody no longer work in a repository')
    .description('Let somebody no longer work in a repository. What they see as others do stays.')
    .argument('<owner/name>', 'the repository')
    .argument('<login>', 'who')
    .addHelpText('after', examples('errand repo unshare me/shop ann'))
    .action(async (name: string, login: string) => {
      await change(terminal, 'DELETE', name, login)
      terminal.err(`${printableLine(login)} works no longer in ${printableLine(name)}.\n`)
    })
}

async function change(
  terminal: Terminal,
  method: 'PUT' | 'DELETE',
  name: string,
  login: string,
  body?: object,
): Promise<Response> {
  const { owner, repo } = parseRepository(name)
  const path = `/repos/${owner}/${repo}/collaborators/${encodeURIComponent(login)}`
  const { signal } = terminal
  return await connect(terminal).request(method, path, { signal, ...(body && { body }) })
}

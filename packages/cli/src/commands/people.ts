import { type Command, Option } from 'commander'
import { beyondGitHub } from '../client/beyond-github.ts'
import { connect } from '../client/connection.ts'
import { printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

/** Users of the embedded forge, made where GitHub Enterprise Server makes them. */
export function addUserCommand(program: Command, terminal: Terminal): void {
  const user = program
    .command('user')
    .summary('make users')
    .description('Users of the forge that comes with Errand, for its site administrators.')
    .helpCommand(false)
  user
    .command('create')
    .summary('make a user')
    .description('Make a user. They sign in with a token, which is made apart.')
    .argument('<login>', 'what they are to be called')
    .option('--site-admin', 'may see and do everything')
    .addHelpText(
      'after',
      examples('errand user create ann', 'errand token create --kind classic --user ann'),
    )
    .action(async (login: string, { siteAdmin = false }: { siteAdmin?: boolean }) => {
      const body = { login, site_admin: siteAdmin }
      await make(terminal, 'make users', '/admin/users', body)
      terminal.err('A token of theirs: errand token create --kind classic --user ')
      terminal.err(`${printableLine(login)}\n`)
    })
}

export function addOrgCommand(program: Command, terminal: Terminal): void {
  const org = program
    .command('org')
    .summary('make organizations, and say who belongs to them')
    .description('Organizations, and who belongs to them.')
    .helpCommand(false)
  org
    .command('create')
    .summary('make an organization')
    .description('Make an organization on the forge that comes with Errand (site administrators).')
    .argument('<login>', 'what it is to be called')
    .option('--admin <login>', 'who looks after it (default: you)')
    .addHelpText('after', examples('errand org create acme --admin ann'))
    .action(async (login: string, { admin }: { admin?: string }) => {
      const body = { login, ...(admin !== undefined && { admin }) }
      await make(terminal, 'make organizations', '/admin/organizations', body)
    })
  org
    .command('add')
    .summary('add somebody to an organization')
    .description('Add somebody to an organization, or change their role.')
    .argument('<org>', 'the organization')
    .argument('<login>', 'who')
    .addOption(
      new Option('--role <role>', 'what they are in it')
        .choices(['member', 'admin'])
        .default('member'),
    )
    .addHelpText('after', examples('errand org add acme ann --role admin'))
    .action(async (name: string, login: string, { role }: { role: string }) => {
      const { signal } = terminal
      await connect(terminal).request('PUT', membership(name, login), { body: { role }, signal })
      terminal.err(`${printableLine(login)} is a ${role} of ${printableLine(name)}.\n`)
    })
  org
    .command('remove')
    .summary('remove somebody from an organization')
    .description('Remove somebody from an organization.')
    .argument('<org>', 'the organization')
    .argument('<login>', 'who')
    .addHelpText('after', examples('errand org remove acme ann'))
    .action(async (name: string, login: string) => {
      const { signal } = terminal
      await connect(terminal).request('DELETE', membership(name, login), { signal })
      terminal.err(`${printableLine(login)} belongs no longer to ${printableLine(name)}.\n`)
    })
}

function membership(org: string, login: string): string {
  return `/orgs/${encodeURIComponent(org)}/memberships/${encodeURIComponent(login)}`
}

/** Prints the login of what was made. */
async function make(terminal: Terminal, what: string, path: string, body: object): Promise<void> {
  const { signal } = terminal
  const call = connect(terminal).request('POST', path, { body, signal })
  const made = (await (await beyondGitHub(what, call)).json()) as { login: string }
  terminal.out(`${printableLine(made.login)}\n`)
}

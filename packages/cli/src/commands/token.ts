import { type Command, Option } from 'commander'
import type { CreateOptions } from '../tokens/create.ts'
import type { WhoseOptions } from '../tokens/list.ts'
import { parseExpiry } from '../tokens/parse-expiry.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

const kinds = ['fine_grained', 'classic', 'oauth', 'user_to_server', 'installation']

export function addTokenCommand(program: Command, terminal: Terminal): void {
  const token = program
    .command('token')
    .summary('make, list and revoke tokens')
    .description(
      'Tokens of the forge that comes with Errand. They are looked after with a classic token, and none can do more than the one that makes it.',
    )
    .helpCommand(false)
  addCreate(token, terminal)
  addList(token, terminal)
  addRevoke(token, terminal)
}

function addCreate(token: Command, terminal: Terminal): void {
  token
    .command('create')
    .summary('make a token')
    .description('Make a token and print it, this once, alone on standard output.')
    .addOption(
      new Option('-k, --kind <kind>', 'what kind of token').choices(kinds).default('fine_grained'),
    )
    .option('-n, --name <text>', 'what you know it by')
    .option('-s, --scope <scope>', 'classic, oauth: a scope, like repo (many)', collect)
    .option('-p, --permission <name=level>', 'the others: like agent_tasks=write (many)', collect)
    .option('-R, --repo <owner/repo>', 'the others: only for this repository (many)', collect)
    .addOption(
      new Option('-e, --expires <when>', 'like 30d, 12h, 2027-01-31 or never')
        .argParser(parseExpiry)
        .default({ inMs: 30 * 86_400_000 }, '30d'),
    )
    .option('-u, --user <login>', 'whose it is to be (site administrators)')
    .option('--json', 'print JSON, the token in it')
    .addHelpText(
      'after',
      examples(
        'errand token create --permission agent_tasks=write --permission contents=read -R me/shop --expires 30d',
        'errand token create --kind classic --scope repo --name ci | gh secret set ERRAND_TOKEN',
        'errand token create --kind classic --user ann --expires never',
      ),
    )
    .action(async (options: CreateOptions) => {
      const { createCommand } = await import('../tokens/create.ts')
      await createCommand(terminal, options)
    })
}

function addList(token: Command, terminal: Terminal): void {
  addWhose(token.command('list'))
    .summary('list tokens')
    .description('List your tokens: what they may do, when they were last used, when they end.')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('errand token list', 'errand token list --all --json'))
    .action(async (options: WhoseOptions & { json?: boolean }) => {
      const { listCommand } = await import('../tokens/list.ts')
      await listCommand(terminal, options)
    })
}

function addRevoke(token: Command, terminal: Terminal): void {
  addWhose(token.command('revoke'))
    .summary('revoke tokens')
    .description('Revoke tokens. They are refused from then on.')
    .argument('[id...]', 'their ids')
    .option('--all-expired', 'all that are over, which were listed for a week')
    .addHelpText(
      'after',
      examples(
        'errand token revoke 17',
        'errand token revoke --all-expired',
        'errand token revoke 17 --all',
      ),
    )
    .action(async (ids: string[], options: WhoseOptions & { allExpired?: boolean }) => {
      const { revokeCommand } = await import('../tokens/revoke.ts')
      await revokeCommand(terminal, ids, options)
    })
}

function addWhose(command: Command): Command {
  return command
    .option('-u, --user <login>', 'those of a user (site administrators)')
    .option('--all', 'those of all users (site administrators)')
}

function collect(value: string, earlier: string[] = []): string[] {
  return [...earlier, value]
}

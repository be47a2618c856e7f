import { type Command, Option } from 'commander'
import { printableLine } from '../../terminal/printable.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { placeOf, type Reach, type Whose } from '../../values/place.ts'
import type { Given } from '../../values/read-values.ts'
import { examples } from '../examples.ts'

export type SetOptions = Whose & Given & Reach
export type ListOptions = Whose & { json?: boolean }

/** A command below `secret` or `variable`, with what all of them take. */
export function addBelow(
  parent: Command,
  name: string,
  summary: string,
  ...lines: string[]
): Command {
  return parent
    .command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .option('-R, --repo <owner/repo>', "a repository (default: this checkout's remote)")
    .addOption(new Option('-o, --org <org>', 'an organization').conflicts('repo'))
    .addHelpText('after', examples(...lines))
}

/** `set`, of one by its name or of all in a file. */
export function addSet(
  command: Command,
  set: (name: string | undefined, options: SetOptions) => Promise<void>,
): void {
  command
    .argument('[name]', 'its name')
    .option('-b, --body <value>', 'the value (default: standard input, or you are asked)')
    .option(
      '-f, --env-file <file>',
      'names and values from lines NAME=value (- for standard input)',
    )
    .addOption(
      new Option('-v, --visibility <visibility>', "which of an organization's repositories have it")
        .choices(['all', 'private', 'selected'])
        .conflicts('repo'),
    )
    .option('-r, --repos <name...>', "the organization's repositories that have it")
    .action(set)
}

export function addList(command: Command, list: (options: ListOptions) => Promise<void>): void {
  command.option('--json', 'print them as JSON').action(list)
}

export function addDelete(
  command: Command,
  terminal: Terminal,
  kind: 'secrets' | 'variables',
): void {
  command.argument('<name>', 'its name').action(async (name: string, options: Whose) => {
    const { client, signal, root } = await placeOf(terminal, options)
    await client.request('DELETE', `${root}/${kind}/${encodeURIComponent(name)}`, { signal })
    terminal.err(`${printableLine(name)} is deleted.\n`)
  })
}

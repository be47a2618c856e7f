import { type Command, Option } from 'commander'
import { examples } from '../examples.ts'

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

/** What setting one takes besides. */
export function addGiven(command: Command): Command {
  return command
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
}

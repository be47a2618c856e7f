import { State } from '@errand/contract'
import type { Command, Option } from 'commander'
import { fieldNames } from '../present/task-fields.ts'

/** Values of options that are known without asking a server. */
const optionValues: Readonly<Record<string, readonly string[]>> = {
  '--state': State.options,
  '--json': fieldNames,
}

/**
 * What may stand for the last of the words typed after `errand`: commands, options, known values. It
 * comes from the commands themselves, so that it cannot fall behind them. Nothing means a file.
 */
export function suggest(program: Command, words: readonly string[]): string[] {
  const typed = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const command = findCommand(program, before)
  const taking = withDefault(command)
  const options = taking.flatMap((each) => each.options)
  const option = findOption(options, before.at(-1) ?? '')
  const values = option && valuesOf(option)
  if (values) return values.filter((value) => value.startsWith(typed))
  if (option?.required === true) return []
  const candidates = typed.startsWith('-')
    ? [...options.flatMap(({ long }) => long ?? []), '--help']
    : [...visibleNames(command), ...taking.flatMap(choicesOf)]
  return candidates.filter((name) => name.startsWith(typed))
}

function findCommand(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    command = command.commands.find((inner) => inner.name() === word) ?? command
  }
  return command
}

/** A command and the one it runs when none of its own is named: words and options may be for either. */
function withDefault(command: Command): Command[] {
  // Commander knows the default's name and tells it in no other way; the tests of `fanout` notice if it moves.
  const { _defaultCommandName: name } = command as Command & { _defaultCommandName?: string | null }
  const inner = command.commands.find((each) => each.name() === name)
  return inner === undefined ? [command] : [command, ...withDefault(inner)]
}

function findOption(options: readonly Option[], word: string): Option | undefined {
  return options.find(({ long, short }) => word !== '' && [long, short].includes(word))
}

/** What is known of an option's values; `--json` has none where it is a mere flag. */
function valuesOf({ argChoices, long, required, optional }: Option): readonly string[] | undefined {
  if (!required && !optional) return undefined
  return argChoices ?? optionValues[long ?? '']
}

function visibleNames(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((inner) => inner.name())
}

function choicesOf(command: Command): readonly string[] {
  return command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
}

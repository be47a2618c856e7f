import { State } from '@errand/contract'
import type { Command } from 'commander'
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
  const values = optionValues[before.at(-1) ?? '']
  if (values) return values.filter((value) => value.startsWith(typed))
  if (takesValue(command, before.at(-1) ?? '')) return []
  const options = command.options.flatMap(({ long }) => long ?? [])
  const candidates = typed.startsWith('-')
    ? [...options, '--help']
    : [...visibleNames(command), ...choicesOf(command)]
  return candidates.filter((name) => name.startsWith(typed))
}

function findCommand(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    command = command.commands.find((inner) => inner.name() === word) ?? command
  }
  return command
}

function takesValue(command: Command, word: string): boolean {
  const option = command.options.find(
    ({ long, short }) => word !== '' && [long, short].includes(word),
  )
  return option?.required === true
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

import { Argument, type Command } from 'commander'
import { completionScript, type Shell, shells } from '../completion/scripts.ts'
import { suggest } from '../completion/suggest.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export function addCompletionCommand(program: Command, terminal: Terminal): void {
  program
    .command('completion')
    .summary('print a script that completes commands in your shell')
    .description('Print a script that completes commands and options in your shell.')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      examples(
        'errand completion bash >> ~/.bash_completion',
        'errand completion zsh > "${fpath[1]}/_errand"',
        'errand completion fish > ~/.config/fish/completions/errand.fish',
      ),
    )
    .action((shell: Shell) => terminal.out(completionScript(shell)))
  // What the scripts ask. It must stay fast: it runs at every press of the key.
  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .allowExcessArguments()
    .helpOption(false)
    .action((words: string[]) => {
      terminal.out(
        suggest(program, words)
          .map((word) => `${word}\n`)
          .join(''),
      )
    })
}

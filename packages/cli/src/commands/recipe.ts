import { type Command, InvalidArgumentError } from 'commander'
import { findRepository } from '../client/git-remote.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

interface RunOptions {
  repo?: string
  base?: string
  set: Record<string, string>
  model?: string
  pr: boolean
  wait?: boolean
  json?: boolean
}

export function addRecipeCommand(program: Command, terminal: Terminal): void {
  const recipe = program
    .command('recipe')
    .summary('run small deterministic jobs on a repository')
    .description('Small deterministic jobs on a repository, done in a box and without a model.')
  recipe
    .command('list')
    .summary('list the recipes')
    .description('List the recipes there are.')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('errand recipe list'))
    .action(async ({ json }: { json?: boolean }) => {
      const { listRecipes } = await import('../recipes/list-recipes.ts')
      await listRecipes(terminal, json === true)
    })
  recipe
    .command('show')
    .summary('show what a recipe does')
    .description('Show what a recipe does, its options, and an example.')
    .argument('<name>', 'a recipe')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('errand recipe show codemod'))
    .action(async (name: string, { json }: { json?: boolean }) => {
      const { showRecipe } = await import('../recipes/list-recipes.ts')
      await showRecipe(terminal, name, json === true)
    })
  recipe
    .command('run')
    .summary('run a recipe on a repository')
    .description(
      'Run a recipe on a repository. It ends in a draft pull request; where an earlier run has left one open, that is brought up to date.',
    )
    .argument('<name>', 'a recipe')
    .option('-R, --repo <owner/repo>', "the repository (default: this checkout's remote)")
    .option('-b, --base <branch>', 'the branch to work from (default: the default branch)')
    .option('--set <name=value>', 'an option of the recipe; may be given many times', collect, {})
    .option('-m, --model <id>', 'let this model go over what the recipe did')
    .option('--no-pr', 'open no pull request')
    .option('--wait', 'wait until it is done')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'errand recipe run codeowners -R me/shop --wait',
        "errand recipe run codemod -R me/shop --set lang=javascript --set 'pattern=old($A)' --set 'rewrite=new($A)'",
        'errand recipe run dependency-bump -R me/shop --set name=zod --set version=4.6.7',
      ),
    )
    .action((name: string, options: RunOptions) => run(terminal, name, options))
}

function collect(pair: string, before: Record<string, string>): Record<string, string> {
  const at = pair.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('Write it as name=value.')
  return { ...before, [pair.slice(0, at)]: pair.slice(at + 1) }
}

async function run(terminal: Terminal, name: string, options: RunOptions): Promise<void> {
  const { tellRecipe } = await import('../recipes/tell-recipe.ts')
  const repository = await findRepository(options.repo, terminal.cwd)
  const { base, model, set, pr: isWithPull } = options
  await tellRecipe(
    terminal,
    { repository, recipe: name, options: set, base, model, isWithPull },
    options,
  )
}

import { type Command, Option } from 'commander'
import { findRepository } from '../client/git-remote.ts'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

interface PrepareOptions {
  repo?: string
  base?: string
  version?: string
  bump?: 'major' | 'minor' | 'patch'
  tagPrefix?: string
  model?: string
  dryRun?: boolean
  wait?: boolean
  json?: boolean
}

export function addReleaseCommand(program: Command, terminal: Terminal): void {
  const release = program
    .command('release')
    .summary('prepare releases')
    .description('Prepare releases: the next version, its notes, one draft pull request.')
  release
    .command('prepare')
    .summary('open or update the pull request of the next release')
    .description(
      'Prepare the next release: find the last tag, decide on the version, write the notes and the changelog, raise the version, and open one draft pull request, or bring the open one up to date.',
    )
    .option('-R, --repo <owner/repo>', "the repository (default: this checkout's remote)")
    .option('-b, --base <branch>', 'the branch to release from (default: the default branch)')
    .addOption(
      new Option('--version <version>', 'this version, instead of deciding on it').conflicts(
        'bump',
      ),
    )
    .addOption(
      new Option('--bump <level>', 'raise it so far, instead of deciding on it').choices([
        'major',
        'minor',
        'patch',
      ]),
    )
    .option('--tag-prefix <text>', 'what stands before the version in tags (default: found out)')
    .option('-m, --model <id>', 'let this model write better prose of what was worked out')
    .option('--dry-run', 'show what it would be for this checkout; needs no server')
    .option('--wait', 'wait until it is done')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'errand release prepare --dry-run',
        'errand release prepare -R me/shop --wait',
        'errand release prepare -R me/shop --bump minor --model claude-sonnet-5',
      ),
    )
    .action((options: PrepareOptions) => prepare(terminal, options))
}

async function prepare(terminal: Terminal, options: PrepareOptions): Promise<void> {
  const wishes = {
    ...(options.version !== undefined && { version: options.version }),
    ...(options.bump !== undefined && { bump: options.bump }),
    ...(options.tagPrefix !== undefined && { tag_prefix: options.tagPrefix }),
  }
  if (options.dryRun === true) {
    if (options.repo !== undefined) {
      throw new UserError('--dry-run looks at the checkout it stands in: leave out -R.')
    }
    const { showRelease } = await import('../recipes/show-release.ts')
    const { base, json } = options
    return await showRelease(terminal, wishes, {
      ...(base !== undefined && { base }),
      isJson: json === true,
    })
  }
  const { tellRecipe } = await import('../recipes/tell-recipe.ts')
  const repository = await findRepository(options.repo, terminal.cwd)
  const { base, model } = options
  const run = { repository, recipe: 'release', options: wishes, base, model, isWithPull: true }
  await tellRecipe(terminal, run, options)
}

import { RecipeError } from './recipe-error.ts'
import { parseOptions } from './parse-options.ts'
import { recipeMark } from './recipe-prompt.ts'
import type { Outcome } from './recipe.ts'
import { loadRecipe } from './recipes.ts'
import { beginFrom } from './repository/begin-from.ts'
import { openRepository, type Repository } from './repository/repository.ts'
import { writeChanges } from './repository/write-changes.ts'

/**
 * Runs the recipe of a prompt on the checkout in a folder, and commits what it changed. The text of the
 * pull request begins with a mark by which later runs know it as theirs.
 *
 * @throws RecipeError in a sentence for the user
 */
export async function runInCheckout(
  folder: string,
  name: string,
  prompt: string,
  signal: AbortSignal,
): Promise<Outcome> {
  const recipe = await loadRecipe(name)
  const { base, options } = parseOptions(recipe, prompt)
  const repository = await openRepository(folder, await revisionOf(folder, base, signal), signal)
  const today = new Date().toISOString().slice(0, 10)
  const outcome = await recipe.run(repository, options, { today, signal })
  if (outcome.type === 'nothing') return outcome
  if (base !== undefined) await beginFrom(repository, base)
  await writeChanges(repository.root, outcome.changes)
  await commit(repository, outcome)
  return { ...outcome, body: `${recipeMark(recipe, options)}\n${outcome.body}` }
}

/** A branch as the forge has it goes before one of the same name in the checkout. */
export async function revisionOf(
  folder: string,
  base: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  if (base === undefined) return 'HEAD'
  const branch = base.replace(/^refs\/heads\//, '')
  try {
    return (await openRepository(folder, `refs/remotes/origin/${branch}`, signal)).commit
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error
    return `refs/heads/${branch}`
  }
}

async function commit(
  repository: Repository,
  { title, changes, report }: Extract<Outcome, { type: 'changes' }>,
): Promise<void> {
  const paths = changes.map(({ path }) => path)
  // A file that is ignored is still meant: the recipe names what it changes.
  await repository.git(['add', '--force', '--', ...paths])
  const staged = await repository.git(['diff-index', '--cached', '--name-only', 'HEAD'])
  if (staged === '') return
  const message = `${title}\n\n${report.join('\n')}`
  await repository.git(['commit', '--quiet', '--no-verify', '--no-gpg-sign', '-m', message])
}

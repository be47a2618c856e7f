import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { GuessedRelease } from './release/guessed-release.ts'
import type { NothingToRelease, ReleasePlan } from './release/plan-release.ts'

export { RecipeError } from './recipe-error.ts'
export { checkOptions } from './check-options.ts'
export {
  composeRecipePrompt,
  recipeInterpreter,
  recipeMark,
  recipeNameOf,
} from './recipe-prompt.ts'
export type { Outcome, Recipe, RecipeContext } from './recipe.ts'
export { loadRecipe, recipeNames } from './recipes.ts'
export type { GuessedRelease } from './release/guessed-release.ts'
export type { NothingToRelease, ReleasePlan } from './release/plan-release.ts'
export { type Change, openRepository, type Repository } from './repository/repository.ts'

// From source this is a `.ts` file, in what is published a `.js` one; so is the program beside it.
const here = fileURLToPath(import.meta.url)

/** Loaded when it is called: agents start without what reads YAML. */
export async function parseOptions(
  ...args: Parameters<typeof import('./parse-options.ts').parseOptions>
): Promise<{ base?: string; options: Record<string, unknown> }> {
  const { parseOptions: parse } = await import('./parse-options.ts')
  return parse(...args)
}

/** Loaded when it is called: what reads manifests is large. */
export async function planRelease(
  ...args: Parameters<typeof import('./release/plan-release.ts').planRelease>
): Promise<ReleasePlan | NothingToRelease> {
  const { planRelease: plan } = await import('./release/plan-release.ts')
  return await plan(...args)
}

/** Loaded when it is called, as `planRelease`. */
export async function guessedRelease(
  ...args: Parameters<typeof import('./release/guessed-release.ts').guessedRelease>
): Promise<GuessedRelease | undefined> {
  const { guessedRelease: find } = await import('./release/guessed-release.ts')
  return await find(...args)
}

/** The program `errand-recipe`, to be run by node; and what a box must hold for it, read-only. */
export const recipeProgram: { entry: string; readOnlyPaths: readonly string[] } = {
  entry: join(dirname(here), `main.${here.endsWith('.ts') ? 'ts' : 'js'}`),
  readOnlyPaths: [dirname(dirname(here)), ...modulesFolders()],
}

/** Where this package's dependencies lie: beside it, or above it in a workspace. */
function modulesFolders(): string[] {
  const require = createRequire(here)
  return ['semver', 'yaml'].map((name) => {
    const parts = require.resolve(name).split('/node_modules/')
    return `${parts.slice(0, -1).join('/node_modules/')}/node_modules`
  })
}

import { z } from 'zod'
import { checked, checkOptions } from './check-options.ts'
import { readYaml } from './read-yaml.ts'
import { RecipeError } from './recipe-error.ts'
import type { Recipe } from './recipe.ts'

/** What every recipe understands beside its own options. */
const CommonOptions = z.object({
  base: z
    .string()
    .min(1)
    .max(250)
    .exactOptional()
    .describe(
      'the branch to work out everything from anew; what the checked out branch had is replaced',
    ),
})

/**
 * The options of a recipe's prompt, checked.
 *
 * @throws RecipeError that names the option
 */
export function parseOptions(
  recipe: Recipe,
  prompt: string,
): { base?: string; options: Record<string, unknown> } {
  const text = prompt.replace(/^\s*#![^\n]*\n?/, '')
  const given = readYaml('What stands below the first line', text) ?? {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new RecipeError('The options below the first line are no list of names and values.')
  }
  const { base, ...rest } = given as Record<string, unknown>
  const common = checked(CommonOptions, base === undefined ? {} : { base })
  return { ...common, options: checkOptions(recipe, rest) }
}

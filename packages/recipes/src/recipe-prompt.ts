import { parseDocument } from 'yaml'
import { z } from 'zod'
import { RecipeError } from './recipe-error.ts'
import type { Recipe } from './recipe.ts'

/** The word after `#!` that says: this prompt is a recipe. */
export const recipeInterpreter = 'errand-recipe'

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
 * The prompt that runs a recipe: `#!errand-recipe release`, and its options as JSON or YAML below.
 */
export function composeRecipePrompt(
  name: string,
  options: Readonly<Record<string, unknown>>,
): string {
  return `#!${recipeInterpreter} ${name}\n${JSON.stringify(options)}\n`
}

/** The name of the recipe a prompt runs, undefined for every other prompt. */
export function recipeNameOf(prompt: string): string | undefined {
  return /^\s*#!errand-recipe[ \t]+(?<name>[a-z0-9-]+)[ \t]*(?:\r?\n|$)/.exec(prompt)?.groups?.name
}

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
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw new RecipeError('The options below the first line are neither JSON nor YAML.')
  }
  const given: unknown = document.toJS({ maxAliasCount: 100 }) ?? {}
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new RecipeError('The options below the first line are no list of names and values.')
  }
  const { base, ...rest } = given as Record<string, unknown>
  const common = checked(CommonOptions, base === undefined ? {} : { base })
  return { ...common, options: checkOptions(recipe, rest) }
}

/** @throws RecipeError that names the option */
export function checkOptions(recipe: Recipe, given: unknown): Record<string, unknown> {
  return checked(recipe.options, given)
}

function checked<Schema extends z.ZodObject>(schema: Schema, given: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const known = Object.keys(schema.shape).join(', ')
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  if (unknown !== undefined) {
    throw new RecipeError(`There is no option ${JSON.stringify(unknown)}; there are ${known}.`)
  }
  throw new RecipeError(`The option ${issue?.path.join('.')} is wrong: ${issue?.message}.`)
}

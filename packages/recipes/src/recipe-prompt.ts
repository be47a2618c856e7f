import { createHash } from 'node:crypto'
import type { Recipe } from './recipe.ts'

/** The word after `#!` that says: this prompt is a recipe. */
export const recipeInterpreter = 'errand-recipe'

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
 * Stands in the text of a recipe's pull requests, and is how a later run knows them as its own: by the
 * recipe's name, and by a digest of what makes it another job.
 */
export function recipeMark(
  { name, identifiedBy = [] }: Pick<Recipe, 'name' | 'identifiedBy'>,
  options: Readonly<Record<string, unknown>>,
): string {
  const values = JSON.stringify(identifiedBy.map((option) => options[option]))
  const digest = createHash('sha256').update(values).digest('hex').slice(0, 12)
  const which = identifiedBy.length === 0 ? name : `${name} ${digest}`
  return `<!-- ${recipeInterpreter}: ${which} -->`
}

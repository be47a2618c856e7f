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

/** Stands in the text of a recipe's pull requests, and is how a later run knows them as its own. */
export function recipeMark(name: string): string {
  return `<!-- ${recipeInterpreter}: ${name} -->`
}

import { composeRecipePrompt, type Recipe, recipeMark } from '@errand/recipes'

/** A recipe for one repository and branch, as a server that runs recipes is sent it. */
export interface RecipePrompt {
  prompt: string
  /** Stands in the text of the pull requests its runs make, and is how a later run finds them. */
  mark: string
  /** Whether another prompt does the same, so that one of both is enough. */
  isSame(other: string): boolean
}

export function composeRun(
  recipe: Recipe,
  options: Readonly<Record<string, unknown>>,
  about: { base: string; web_url: string },
): RecipePrompt {
  const hasWebUrl = 'web_url' in recipe.options.shape
  const known = hasWebUrl ? { web_url: about.web_url, ...options } : options
  const prompt = composeRecipePrompt(recipe.name, { base: about.base, ...known })
  return { prompt, mark: recipeMark(recipe, options), isSame: sameAs(recipe, prompt) }
}

/** By the first line, which names it; by all of it where its options make it another job. */
export function sameAs(recipe: Recipe, prompt: string): (other: string) => boolean {
  if (recipe.identifiedBy !== undefined) return (other) => other === prompt
  return (other) => other.split('\n')[0] === prompt.split('\n')[0]
}

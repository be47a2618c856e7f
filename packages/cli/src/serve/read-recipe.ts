import { invalidField } from '@errand/contract'
import { loadRecipe, parseOptions, RecipeError, recipeNameOf } from '@errand/recipes'
import type { RecipeReader } from '@errand/server'
import { composeRun } from '../recipes/compose-run.ts'

/** How the server, which knows no recipes, learns that a prompt is one. */
export const readRecipe: RecipeReader = async (prompt, about) => {
  const name = recipeNameOf(prompt)
  if (name === undefined) return undefined
  try {
    const recipe = await loadRecipe(name)
    const { base, options } = await parseOptions(recipe, prompt)
    return composeRun(recipe, options, { ...about, ...(base !== undefined && { base }) })
  } catch (error) {
    if (!(error instanceof RecipeError)) throw error
    throw invalidField('prompt', `prompt: ${error.message}`, 'Automation')
  }
}

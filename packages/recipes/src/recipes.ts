import { RecipeError } from './recipe-error.ts'
import type { Recipe } from './recipe.ts'

/** The recipes by name, each loaded when it is wanted: their libraries are large. */
const loaders: Readonly<Record<string, () => Promise<Recipe>>> = {
  release: async () => (await import('./release/recipe.ts')).release,
  codemod: async () => (await import('./codemod/recipe.ts')).codemod,
}

export const recipeNames: readonly string[] = Object.keys(loaders)

/** @throws RecipeError that lists the recipes there are */
export async function loadRecipe(name: string): Promise<Recipe> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  if (load !== undefined) return await load()
  const known = recipeNames.join(', ')
  throw new RecipeError(`There is no recipe ${JSON.stringify(name)}; there are ${known}.`)
}

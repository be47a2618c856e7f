import { RecipeError } from './recipe-error.ts'
import type { Recipe } from './recipe.ts'

/** The recipes by name, each loaded when it is wanted: their libraries are large. */
const loaders: Readonly<Record<string, () => Promise<Recipe>>> = {
  release: async () => (await import('./release/recipe.ts')).release,
  codeowners: async () => (await import('./codeowners/recipe.ts')).codeowners,
  'ci-bootstrap': async () => (await import('./ci-bootstrap/recipe.ts')).ciBootstrap,
  'license-headers': async () => (await import('./license-headers/recipe.ts')).licenseHeaders,
  codemod: async () => (await import('./codemod/recipe.ts')).codemod,
  'dependency-bump': async () => (await import('./dependency-bump/recipe.ts')).dependencyBump,
}

export const recipeNames: readonly string[] = Object.keys(loaders)

/** @throws RecipeError that lists the recipes there are */
export async function loadRecipe(name: string): Promise<Recipe> {
  const load = Object.hasOwn(loaders, name) ? loaders[name] : undefined
  if (load !== undefined) return await load()
  const known = recipeNames.join(', ')
  throw new RecipeError(`There is no recipe ${JSON.stringify(name)}; there are ${known}.`)
}

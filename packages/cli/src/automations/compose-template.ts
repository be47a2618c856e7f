import { type Client, speaksErrand } from '@errand/contract'
import { checkOptions, composeRecipePrompt, loadRecipe, type Recipe } from '@errand/recipes'
import type { RepositoryName } from '../client/git-remote.ts'
import { composeTextPrompt } from '../recipes/text-prompt.ts'
import { told } from '../recipes/tell-recipe.ts'

/**
 * The prompt of an automation that is a recipe. Where it works is found out at each run: the base branch,
 * and the pull request that an earlier run has left open. GitHub runs no recipes: it is told in words.
 *
 * @throws UserError for a recipe that is not there, or an option that is wrong
 */
export async function composeTemplate(
  client: Client,
  { owner, repo }: RepositoryName,
  template: { name: string; options: Readonly<Record<string, unknown>>; base?: string | undefined },
  signal: AbortSignal,
): Promise<string> {
  const { name, options, base } = template
  const recipe = await told(loadChecked(name, options))
  if (await speaksErrand(client, signal)) return composeRecipePrompt(name, options)
  if (base !== undefined) return composeTextPrompt(recipe, options, base)
  const answer = await client.request('GET', `/repos/${owner}/${repo}`, { signal })
  // Every GitHub-compatible forge answers with it.
  const { default_branch: branch } = (await answer.json()) as { default_branch: string }
  return composeTextPrompt(recipe, options, branch)
}

async function loadChecked(
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<Recipe> {
  const recipe = await loadRecipe(name)
  checkOptions(recipe, options)
  return recipe
}

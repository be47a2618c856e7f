import {
  type Caller,
  type CreateTask,
  type RepositoryAccess,
  scriptModelId,
} from '@errand/contract'
import { type AutomationRow, listOpenPrompts } from '@errand/core'
import type { Recipe, ServerContext } from '../context.ts'

/** The same recipe is at work in the repository: what it is to do is being done. */
export class RecipeRunsAlready extends Error {}

/** What a run asks for, by the automation as it is now and the repository as it is now. */
export async function composeTask(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  automation: Pick<
    AutomationRow,
    'prompt' | 'model' | 'tools' | 'allowed_custom_agents' | 'base_ref'
  >,
): Promise<CreateTask> {
  const base = automation.base_ref === '' ? repository.default_branch : automation.base_ref
  const recipe = await readRecipe(context, automation.prompt, repository, base)
  const headRef = recipe && (await findBranch(context, caller, repository, recipe, base))
  const model = automation.model === '' && recipe ? scriptModelId : automation.model
  const [customAgent] = automation.allowed_custom_agents
  return {
    prompt: recipe?.prompt ?? automation.prompt,
    create_pull_request: automation.tools.includes('create_pull_request'),
    base_ref: base,
    ...(headRef !== undefined && { head_ref: headRef }),
    ...(model !== '' && { model }),
    ...(customAgent !== undefined && { custom_agent: customAgent }),
  }
}

/** @throws ErrandError validation_failed when the prompt is a recipe that is written wrongly. */
export async function readRecipe(
  { readRecipe: read, publicUrl }: ServerContext,
  prompt: string,
  repository: RepositoryAccess,
  base: string,
): Promise<Recipe | undefined> {
  const webUrl = repository.html_url ?? `${publicUrl()}/${repository.full_name}`
  return await read?.(prompt, { base, web_url: webUrl })
}

/**
 * The branch of the pull request that an earlier run of the recipe has left open, so that it is brought up
 * to date and no second one is opened.
 *
 * @throws RecipeRunsAlready
 */
async function findBranch(
  { store, forge }: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  recipe: Recipe,
  base: string,
): Promise<string | undefined> {
  const open = await listOpenPrompts(store, repository.id)
  const running = open.find(({ prompt }) => recipe.isSame(prompt))
  if (running !== undefined) {
    throw new RecipeRunsAlready(`Task ${running.task_id} is at the same recipe already.`)
  }
  const pulls = await forge.openPulls(caller, repository, base)
  return pulls.find((pull) => pull.body.includes(recipe.mark))?.head
}

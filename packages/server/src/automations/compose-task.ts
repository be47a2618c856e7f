import {
  type Caller,
  type CreateTask,
  type RepositoryAccess,
  scriptModelId,
  type SkipReason,
} from '@errand/contract'
import {
  type AutomationRow,
  type AutomationRunRow,
  listOpenPrompts,
  type RunTrigger,
  type Skip,
} from '@errand/core'
import type { Recipe, ServerContext } from '../context.ts'
import { describeTrigger } from './describe-trigger.ts'

/** There is a reason for which the run is not made, and which is no failure. */
export class NotMade extends Error {
  readonly skip: Skip

  constructor(skip_reason: SkipReason, reason: string) {
    super(reason)
    this.skip = { skip_reason, reason }
  }
}

type Begun = Pick<AutomationRunRow, 'event' | 'type' | 'conclusion' | 'trigger'>

/**
 * What a run asks for, by the automation as it is now, the repository as it is now, and what began it.
 *
 * @throws NotMade
 */
export async function composeTask(
  context: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
  automation: Pick<
    AutomationRow,
    'prompt' | 'model' | 'agent' | 'tools' | 'allowed_custom_agents' | 'base_ref'
  >,
  run?: Begun,
): Promise<CreateTask> {
  const base = automation.base_ref === '' ? repository.default_branch : automation.base_ref
  const recipe = await readRecipe(context, automation.prompt, repository, base)
  const headRef = recipe && (await findBranch(context, caller, repository, recipe, base))
  const model = automation.model === '' && recipe ? scriptModelId : automation.model
  const [customAgent] = automation.allowed_custom_agents
  const limit = context.settings.prompt_limit_bytes
  const begunBy = run === undefined ? '' : describeTrigger(run, automation.prompt, limit)
  return {
    prompt: recipe?.prompt ?? `${automation.prompt}${begunBy}`,
    create_pull_request: automation.tools.includes('create_pull_request'),
    base_ref: base,
    ...(headRef !== undefined && { head_ref: headRef }),
    // A recipe has a branch and a pull request of its own.
    ...(recipe === undefined && branchesOf(repository, run?.trigger ?? undefined)),
    ...(model !== '' && { model }),
    ...(automation.agent !== '' && { agent: automation.agent }),
    ...(customAgent !== undefined && { custom_agent: customAgent }),
  }
}

/**
 * By `trigger` a run that a pull request began writes to that pull request's branch, and opens no second one;
 * not to the default branch, which is nobody's to be changed without a review.
 */
function branchesOf(
  repository: RepositoryAccess,
  trigger: RunTrigger | undefined,
): Partial<CreateTask> {
  if (trigger?.write_scope !== 'trigger') return {}
  if (trigger.is_from_fork === true) {
    throw new NotMade(
      'from_a_fork',
      `The branch of ${trigger.url} lies in another repository, where nothing can be pushed. With write_scope: repository the run has a branch of its own.`,
    )
  }
  const { branch } = trigger
  if (branch === undefined || branch.head === repository.default_branch) return {}
  return { base_ref: branch.base, head_ref: branch.head, create_pull_request: false }
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
 * @throws NotMade while the same recipe is at work
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
    throw new NotMade('still_running', `Task ${running.task_id} is at the same recipe already.`)
  }
  const pulls = await forge.openPulls(caller, repository, base)
  return pulls.find((pull) => pull.body.includes(recipe.mark))?.head
}

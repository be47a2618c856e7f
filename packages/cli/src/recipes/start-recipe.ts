import {
  type Client,
  isEndState,
  openSender,
  scriptModelId,
  speaksErrand,
  type Task,
  type TaskWithSessions,
  unmarkPrompt,
} from '@errand/contract'
import { checkOptions, loadRecipe } from '@errand/recipes'
import type { RepositoryName } from '../client/git-remote.ts'
import { composeRun, sameAs } from './compose-run.ts'
import { findRecipePull, type RecipePull } from './find-recipe-pull.ts'
import { composeTextPrompt } from './text-prompt.ts'

export interface RecipeRun {
  repository: RepositoryName
  recipe: string
  options: Record<string, unknown>
  /** Default: the repository's default branch. */
  base?: string | undefined
  /** Default: none, the recipe alone. On GitHub: GitHub's default. */
  model?: string | undefined
  /** Whether to open a pull request. */
  isWithPull: boolean
}

export interface StartedRecipe {
  task: Task
  /** The pull request that is brought up to date; absent when there is none yet. */
  updates?: RecipePull
  /** The task is one that runs already. */
  isRunning: boolean
}

/**
 * Starts a recipe on a repository: on the branch of the pull request an earlier run has left open, so
 * that there is one, else on a new branch. While one runs, no other is begun.
 *
 * @throws RecipeError for an option that is wrong, before anything is sent
 */
export async function startRecipe(
  client: Client,
  run: RecipeRun,
  signal: AbortSignal,
  onWait?: (reason: string) => void,
): Promise<StartedRecipe> {
  const recipe = await loadRecipe(run.recipe)
  checkOptions(recipe, run.options)
  const { owner, repo } = run.repository
  const answer = await client.request('GET', `/repos/${owner}/${repo}`, { signal })
  // Every GitHub-compatible forge answers with these.
  const about = (await answer.json()) as { default_branch: string; html_url: string }
  const base = run.base ?? about.default_branch
  const isErrand = await speaksErrand(client, signal)
  const composed = composeRun(recipe, run.options, { base, web_url: about.html_url })
  const prompt = isErrand ? composed.prompt : composeTextPrompt(recipe, run.options, base).trimEnd()
  const isSame = sameAs(recipe, prompt)
  const running = await findRunning(client, run.repository, isSame, signal)
  if (running !== undefined) return { task: running, isRunning: true }
  const wanted = { mark: composed.mark, base, signal }
  const updates = await findRecipePull(client, run.repository, wanted)
  const model = run.model ?? (isErrand ? scriptModelId : undefined)
  // An answer that is lost is never paid for with a second task.
  const sender = await openSender(client, {
    key: crypto.randomUUID(),
    isNew: true,
    signal,
    ...(onWait && { onWait }),
  })
  const task = await sender.create(`${owner}/${repo}`, {
    prompt,
    base_ref: base,
    create_pull_request: run.isWithPull,
    ...(model !== undefined && { model }),
    ...(updates !== undefined && { head_ref: updates.head_ref }),
  })
  return { task, isRunning: false, ...(updates !== undefined && { updates }) }
}

/** How many of the latest tasks are looked at for one of the same recipe. */
const mostLookedAt = 30

async function findRunning(
  client: Client,
  { owner, repo }: RepositoryName,
  isSame: (prompt: string) => boolean,
  signal: AbortSignal,
): Promise<TaskWithSessions | undefined> {
  const { tasks } = await client.call('listTasksForRepo', {
    params: { owner, repo },
    query: { per_page: mostLookedAt, sort: 'created_at', direction: 'desc' },
    signal,
  })
  for (const { id, state } of tasks) {
    if (isEndState(state) || state === 'idle') continue
    const task = await client.call('getTask', { params: { task_id: id }, signal })
    if (isSame(unmarkPrompt(task.sessions.at(-1)?.prompt ?? ''))) return task
  }
  return undefined
}

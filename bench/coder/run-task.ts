import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { eventually } from '../../test/support/eventually.ts'
import { git } from '../../test/support/git.ts'
import type { Errand } from '../../test/support/start-errand.ts'
import { artifactOf, eventsOf, getTask } from '../../test/support/tasks.ts'
import { createTempFolder } from '../../test/support/temp-folder.ts'
import type { FetchedTask } from './fetch-package.ts'
import { runCheck } from './run-check.ts'

export interface Outcome {
  id: string
  /** Of the task when it had ended, or waited. */
  state: string
  solved: boolean
  /** AI credits: cents. */
  credits: number
  /** Requests of the model. */
  steps: number
  seconds: number
  /** The agent's words for the pull request. */
  summary: string
}

export interface TaskRun {
  model: string
  /** AI credits the task may cost. Default: no bound. */
  maxCredits?: number
  timeoutMinutes: number
}

const settled = new Set(['completed', 'failed', 'timed_out', 'cancelled', 'waiting_for_user'])
let number = 0

/**
 * Gives a task to an Errand, as a repository with the bug and the report of it, waits until it has ended
 * or asks something, and runs the hidden check over the branch it pushed.
 */
export async function runTask(
  errand: Errand,
  task: FetchedTask,
  options: TaskRun,
): Promise<Outcome> {
  number += 1
  const repo = `${task.id}-${number}`
  await importFolder(errand, task.buggyDir, repo)
  const since = performance.now()
  const { id } = await errand.client.call('createTask', {
    params: { owner: 'bench', repo },
    body: {
      prompt: task.prompt,
      model: options.model,
      timeout_minutes: options.timeoutMinutes,
      ...(options.maxCredits === undefined ? {} : { max_ai_credits: options.maxCredits }),
    },
  })
  const ended = await eventually(
    async () => {
      const task = await getTask(errand.client, id)
      if (!settled.has(task.state)) throw new Error(`the task is ${task.state}`)
      return task
    },
    { timeoutMs: (options.timeoutMinutes + 1) * 60_000, what: `the end of ${task.id}` },
  )
  const seconds = (performance.now() - since) / 1000
  const events = await eventsOf(errand.client, id)
  const branch = artifactOf(ended, 'branch')?.head_ref
  if (ended.state === 'waiting_for_user') await cancel(errand, id)
  const summary = events.findLast(({ type }) => type === 'session.summary')?.data
  return {
    id: task.id,
    state: ended.state,
    solved: branch !== undefined && (await checkBranch(errand, repo, branch, task.check)),
    credits: (ended.sessions.at(-1)?.usage?.amount ?? 0) / 1e9,
    steps: events.filter(({ type }) => type === 'assistant.usage').length,
    seconds,
    summary: typeof summary?.['body'] === 'string' ? summary['body'] : '',
  }
}

async function importFolder(errand: Errand, folder: string, repo: string): Promise<void> {
  await using temp = await createTempFolder('bench-coder')
  const source = join(temp.path, 'source')
  await cp(folder, source, { recursive: true })
  await git(source, ['init', '--quiet', '--initial-branch=main'])
  // A package may have files that its own .gitignore names.
  await git(source, ['add', '--all', '--force'])
  await git(source, ['commit', '--quiet', '--message', 'chore: import the published package'])
  await errand.forge.importRepository(source, `bench/${repo}`, {})
}

/** The branch leaves git as a tar: no file of it is written outside of the box. */
async function checkBranch(errand: Errand, repo: string, branch: string, check: string) {
  await using temp = await createTempFolder('bench-branch')
  const [bare, tar] = [join(temp.path, 'bare.git'), join(temp.path, 'branch.tar')]
  const url = new URL(`/bench/${repo}.git`, errand.url)
  Object.assign(url, { username: 'x-access-token', password: errand.token })
  await git(temp.path, ['clone', '--quiet', '--bare', url.href, bare])
  await git(bare, ['archive', '--format=tar', `--output=${tar}`, `refs/heads/${branch}`])
  return (await runCheck(tar, check)).passed
}

async function cancel(errand: Errand, id: string): Promise<void> {
  await errand.client.call('cancelTask', { params: { task_id: id } })
  await eventually(async () => {
    const { state } = await getTask(errand.client, id)
    if (state !== 'cancelled') throw new Error(`the task is ${state}`)
  })
}

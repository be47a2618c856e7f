import { z } from 'zod'

import { SessionFailed } from '../failures.ts'
import { ForgeRefused } from '../forge-client.ts'
import { refusedToShow } from '../run/ask-to-show.ts'
import type { Run } from '../run/run.ts'

/** The session's repository as the forge knows it now: it may have been renamed since the task came. */
export interface Repository {
  id: number
  full_name: string
  owner: string
  name: string
  default_branch: string
  private: boolean
  /** Of its owner. */
  ownerId: number
}

const Answer = z.object({
  id: z.int(),
  name: z.string(),
  full_name: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  owner: z.object({ id: z.int(), login: z.string() }),
  default_branch: z.string(),
  private: z.boolean(),
})

/**
 * Looks the repository up by its id, which a rename does not change.
 *
 * @throws SessionFailed repository_not_found, forge_refused
 */
export async function findRepository(run: Run): Promise<Repository> {
  const { repository_id: id, repository_full_name: fullName } = run.lease.task
  try {
    const data = await run.forge.request('GET /repositories/{id}', { id }, run.signal)
    const found = Answer.parse(data)
    return { ...found, owner: found.owner.login, ownerId: found.owner.id }
  } catch (error) {
    if (!(error instanceof ForgeRefused)) throw error
    if (error.status === 404) {
      const message = `The repository ${fullName} no longer exists, or the runner may not see it.`
      throw new SessionFailed('repository_not_found', message, error)
    }
    throw refusedToShow(fullName, error)
  }
}

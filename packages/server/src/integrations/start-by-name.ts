import type { Caller, CreateTask } from '@errand/contract'
import { RepositoryMoved } from '../auth/repository.ts'
import type { ServerContext } from '../context.ts'
import { type StartedTask, startTask } from '../start-task.ts'

/**
 * Starts a task in `owner/name`, also when the repository has another name now: whoever filled a form
 * in cannot follow a redirect.
 *
 * @throws ErrandError as `startTask` does.
 */
export async function startByName(
  context: ServerContext,
  caller: Caller,
  fullName: string,
  asked: CreateTask & { idempotency_key: string },
): Promise<StartedTask> {
  const [owner = '', repo = ''] = fullName.split('/')
  try {
    return await startTask(context, caller, { owner, repo }, asked)
  } catch (error) {
    if (!(error instanceof RepositoryMoved)) throw error
    const { owner: account, name } = error.repository
    return await startTask(context, caller, { owner: account.login, repo: name }, asked)
  }
}

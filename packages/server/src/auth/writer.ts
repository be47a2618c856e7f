import { type Caller, canWrite } from '@errand/contract'
import type { ServerContext } from '../context.ts'

/** An account as a caller, if the forge says that it may write to the repository now; else undefined. */
export async function writerOf(
  { forge }: ServerContext,
  {
    user_id,
    repository_id,
    full_name,
  }: { user_id: number; repository_id: number; full_name: string },
): Promise<Caller | undefined> {
  const user = await forge.actFor({ id: user_id, repository: full_name })
  const access = user && (await forge.repositoryById(user, repository_id, { asksAnew: true }))
  return access !== undefined && canWrite(access) ? user : undefined
}

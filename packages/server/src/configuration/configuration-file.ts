import type { Caller, RepositoryAccess } from '@errand/contract'
import { type FileConfiguration, parseConfigurationFile } from '@errand/core'
import type { ServerContext } from '../context.ts'

/** As many files as are remembered at a commit; the oldest are forgotten first. */
const mostRemembered = 1000

/** What the files of repositories said at their latest commits. */
export type RememberedFiles = Map<number, { commit: string; read: FileConfiguration }>

/**
 * What a repository says of itself, where the settings name a file for it: of the default branch, read once
 * for each of its commits. Undefined where configurations are kept by the API.
 *
 * @throws ErrandError where the forge does not tell: then it is not known, and nobody may act as if it were
 */
export async function readConfigurationFile(
  { settings, forge, configurationFiles: remembered }: ServerContext,
  caller: Caller,
  repository: RepositoryAccess,
): Promise<FileConfiguration | undefined> {
  const { file: path } = settings.configuration
  if (path === undefined) return undefined
  const { id, default_branch: branch } = repository
  const commit = await forge.branchHead(caller, repository, branch)
  // Nobody has pushed to it: it says nothing.
  if (commit === undefined) return { document: {} }
  const known = remembered.get(id)
  if (known?.commit === commit) return known.read
  const text = await forge.readFile(caller, repository, branch, path)
  const read = text === undefined ? { document: {} } : parseConfigurationFile(text, path)
  // Somebody has pushed meanwhile: whose commit the text is of is not known.
  if ((await forge.branchHead(caller, repository, branch)) !== commit) return read
  remembered.delete(id)
  remembered.set(id, { commit, read })
  const [oldest] = remembered.keys()
  if (remembered.size > mostRemembered && oldest !== undefined) remembered.delete(oldest)
  return read
}

import { agentFilesOf, type CustomAgent, parseCustomAgent } from '@errand/core'

import { SessionFailed } from '../failures.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Repository } from '../mirror/repository.ts'
import type { Run } from '../run/run.ts'
import { isFile, listTree, readEntries } from '../mirror/tree.ts'
import { type FoundFile, readSharedAgent } from './read-shared-agent.ts'

export interface CustomAgentSource {
  mirror: Mirror
  repository: Repository
  steeringCommit: string
}

/**
 * The custom agent a task names: of the repository, at the commit that says how agents work in this task, or
 * else of its owner, at the version this task keeps to. Undefined when the task names none.
 *
 * @throws SessionFailed custom_agent_gone; forge_refused
 */
export async function readCustomAgent(
  run: Run,
  source: CustomAgentSource,
): Promise<CustomAgent | undefined> {
  const { custom_agent: name } = run.lease.task
  if (name === null) return undefined
  const file =
    (await readOwnFile(run, source, name)) ?? (await readSharedAgent(run, source.repository, name))
  if (file === undefined) {
    const message = `The custom agent ${name} is not there: neither .github/agents/${name}.agent.md of the base branch nor agents/${name}.agent.md of ${source.repository.owner}/.github.`
    throw new SessionFailed('custom_agent_gone', message)
  }
  const read = parseCustomAgent(file.text)
  if ('agent' in read) return read.agent
  const message = `The custom agent ${name} cannot be used: ${read.problem} (${file.place}).`
  throw new SessionFailed('custom_agent_gone', message)
}

/** From the mirror, where no agent can have changed it. A link is none. */
async function readOwnFile(
  run: Run,
  { mirror, steeringCommit }: CustomAgentSource,
  name: string,
): Promise<FoundFile | undefined> {
  const paths = agentFilesOf(name)
  const tree = await listTree(run, mirror, steeringCommit, paths)
  for (const path of paths) {
    const entry = tree.find((entry) => entry.path === path && isFile(entry))
    if (entry === undefined) continue
    const text = (await readEntries(run, mirror, [entry])).get(entry.oid)
    if (text !== undefined) return { text, place: path }
  }
  return undefined
}

import { type Caller, type Forge, invalidField, type RepositoryAccess } from '@errand/contract'
import {
  agentFilesOf,
  customAgentName,
  parseCustomAgent,
  sharedAgentFilesOf,
  sharedRepositories,
} from '@errand/core'

/**
 * The custom agent a task names, as far as create needs it: of the repository, at the branch that says how
 * agents work in it, or else of its owner. The message names the field: clients retry without it when it is
 * refused.
 *
 * @param branch the task's base: never the branch it works on, which may be an outsider's
 * @throws ErrandError validation_failed when there is none, or none that a task can be given to
 */
export async function readCustomAgent(
  forge: Forge,
  caller: Caller,
  repository: RepositoryAccess,
  branch: string,
  name: string,
): Promise<{ model?: string }> {
  if (!customAgentName.test(name)) {
    throw invalidField(
      'custom_agent',
      'custom_agent must be a file name without extension: letters, digits, dots, dashes',
    )
  }
  for await (const file of filesOf(forge, caller, repository, branch, name)) {
    const read = parseCustomAgent(file.text)
    if ('agent' in read) return read.agent.model === undefined ? {} : { model: read.agent.model }
    throw invalidField(
      'custom_agent',
      `custom_agent '${name}' cannot be used: ${read.problem} (${file.place})`,
    )
  }
  const owner = repository.owner.login
  throw invalidField(
    'custom_agent',
    `custom_agent '${name}' was not found: there is no .github/agents/${name}.agent.md on ${branch}, and no agents/${name}.agent.md in ${owner}/.github`,
  )
}

/** The files of that name, one after the other: the first that is there counts. */
async function* filesOf(
  forge: Forge,
  caller: Caller,
  repository: RepositoryAccess,
  branch: string,
  name: string,
): AsyncGenerator<{ text: string; place: string }> {
  for (const path of agentFilesOf(name)) {
    const text = await forge.readFile(caller, repository, branch, path)
    if (text !== undefined) yield { text, place: `${path} on ${branch}` }
  }
  for (const repo of sharedRepositories) {
    const shared = await forge.repository(caller, { owner: repository.owner.login, repo })
    if (shared === undefined) continue
    for (const path of sharedAgentFilesOf(name)) {
      const text = await forge.readFile(caller, shared, shared.default_branch, path)
      if (text !== undefined) yield { text, place: `${path} of ${shared.full_name}` }
    }
  }
}

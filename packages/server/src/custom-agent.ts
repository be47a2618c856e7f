import { type Caller, type Forge, invalidField, type RepositoryAccess } from '@errand/contract'
import { parse } from 'yaml'
import { z } from 'zod'

const Frontmatter = z.object({ model: z.string().optional() })

/**
 * The custom agent a task names, `.github/agents/NAME.agent.md` or `NAME.md` (behaviour.md 3.4), as
 * far as create needs it. The message names the field: clients retry without it when it is refused.
 *
 * @throws ErrandError validation_failed when there is no such file.
 */
export async function readCustomAgent(
  forge: Forge,
  caller: Caller,
  repository: RepositoryAccess,
  branch: string,
  name: string,
): Promise<{ model?: string }> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/.test(name)) {
    throw invalidField(
      'custom_agent',
      'custom_agent must be a file name without extension: letters, digits, dots, dashes',
    )
  }
  for (const file of [`${name}.agent.md`, `${name}.md`]) {
    const text = await forge.readFile(caller, repository, branch, `.github/agents/${file}`)
    if (text !== undefined) return readFrontmatter(text)
  }
  throw invalidField(
    'custom_agent',
    `custom_agent '${name}' was not found: there is no .github/agents/${name}.agent.md on ${branch}`,
  )
}

function readFrontmatter(text: string): { model?: string } {
  const [, yaml] = /^---\r?\n([\s\S]*?)\r?\n---/.exec(text) ?? []
  if (yaml === undefined) return {}
  const parsed = Frontmatter.safeParse(parseYaml(yaml))
  const model = parsed.success ? parsed.data.model : undefined
  return model === undefined ? {} : { model }
}

/** A repository's file may be anything; what is no YAML names no model. */
function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 })
  } catch {
    return undefined
  }
}

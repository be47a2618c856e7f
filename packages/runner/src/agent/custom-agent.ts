import { parse } from 'yaml'

import { SessionFailed } from '../failures.ts'
import { gitMaybe } from '../git/git.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'

/** A custom agent's instructions are at most this long (behaviour.md 1.5). */
const longestInstructions = 30_000

/**
 * The instructions of the custom agent a task names: the text below the front matter of
 * `.github/agents/NAME.agent.md` or `NAME.md`, at the first of the commits that has one. Read from the
 * mirror, where no agent can have changed them. Undefined when the task names none.
 *
 * @throws SessionFailed custom_agent_gone
 */
export async function readCustomAgent(
  run: Run,
  mirror: Mirror,
  commits: readonly string[],
): Promise<string | undefined> {
  const { custom_agent: name } = run.lease.task
  if (name === null) return undefined
  const files = [`${name}.agent.md`, `${name}.md`]
  for (const path of commits.flatMap((commit) => files.map((file) => pathAt(commit, file)))) {
    const options = { gitDir: mirror.dir, signal: run.signal, limitBytes: 1024 * 1024 }
    const text = await gitMaybe(['show', '--no-textconv', path], options)
    if (text !== undefined) return withoutFrontMatter(text).slice(0, longestInstructions)
  }
  const message = `The custom agent ${name} is not there: the branch has no .github/agents/${name}.agent.md.`
  throw new SessionFailed('custom_agent_gone', message)
}

function pathAt(commit: string, file: string): string {
  return `${commit}:.github/agents/${file}`
}

/** Front matter is what stands between two lines of three dashes at the very top, if it is YAML. */
export function withoutFrontMatter(text: string): string {
  const match = /^---\r?\n([\s\S]*?)\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)
  if (match === null || !isMapping(match[1] ?? '')) return text.trim()
  return text.slice(match[0].length).trim()
}

/** A text may also begin with a ruled line. */
function isMapping(yaml: string): boolean {
  try {
    const value: unknown = parse(yaml, { maxAliasCount: 0 })
    return value === null || (typeof value === 'object' && !Array.isArray(value))
  } catch {
    return false
  }
}

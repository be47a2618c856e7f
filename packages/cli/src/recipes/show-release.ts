import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { openRepository, planRelease, type ReleasePlan } from '@errand/recipes'
import { parseRemote } from '../client/git-remote.ts'
import { printJson } from '../terminal/json-output.ts'
import { printable, printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { changedLines } from './changed-lines.ts'
import { told } from './tell-recipe.ts'

/** Prints what the next release of the checkout would be, and changes nothing. */
export async function showRelease(
  terminal: Terminal,
  wishes: Parameters<typeof planRelease>[1],
  { base, isJson }: { base?: string; isJson: boolean },
): Promise<void> {
  const { cwd, signal } = terminal
  const repository = await told(openRepository(cwd, base ?? 'HEAD', signal))
  const webUrl = await findWebUrl(cwd)
  const today = terminal.now().toISOString().slice(0, 10)
  const links = webUrl === undefined ? {} : { web_url: webUrl }
  const plan = await told(planRelease(repository, { ...links, ...wishes }, { today }))
  if (isJson) return await printJson(terminal, presentPlan(plan))
  if (plan.type === 'nothing') return terminal.out(`${plan.reason}\n`)
  const { version, tag, reason, notes, changes, kept } = plan
  terminal.out(`Next version: ${version} (tag ${printableLine(tag)})\n${printableLine(reason)}\n`)
  terminal.out(`\n${printable(notes)}\n`)
  for (const change of changes) {
    terminal.out(`\n${printableLine(change.path)}${change.before === undefined ? ' (new)' : ''}\n`)
    for (const line of changedLines(change)) {
      terminal.out(`  ${terminal.paint(line.startsWith('+') ? 'green' : 'red', printable(line))}\n`)
    }
  }
  for (const place of kept) terminal.out(`\n${printableLine(place)} keeps its own version.\n`)
}

function presentPlan(plan: Awaited<ReturnType<typeof planRelease>>): unknown {
  if (plan.type === 'nothing') return plan
  return {
    type: plan.type,
    version: plan.version,
    tag: plan.tag,
    ...(plan.since !== undefined && { since: plan.since }),
    reason: plan.reason,
    notes: plan.notes,
    ...(plan.compareUrl !== undefined && { compare_url: plan.compareUrl }),
    files: plan.changes.map((change) => ({ path: change.path, lines: changedLines(change) })),
    kept: plan.kept,
  } satisfies Record<string, ReleasePlan[keyof ReleasePlan] | object>
}

/** The page of the repository, if the checkout's remote is on the web. */
async function findWebUrl(cwd: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)('git', ['-C', cwd, 'remote', 'get-url', 'origin'])
    const url = stdout.trim()
    const name = parseRemote(url)
    const host = URL.canParse(url) ? new URL(url).hostname : /^(?:[^@/]+@)?([^:/]+):/.exec(url)?.[1]
    return name && host ? `https://${host}/${name.owner}/${name.repo}` : undefined
  } catch (error) {
    // Without a remote there is nothing to link to.
    if (error instanceof Error && 'code' in error) return undefined
    throw error
  }
}

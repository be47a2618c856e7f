import { type Box, boxPaths } from '../box/index.ts'
import type { AgentDescriptor } from '../agent/descriptor.ts'
import type { Mirror } from '../mirror/mirror.ts'
import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'
import type { SessionFirewall } from '../session-firewall.ts'
import { isFile, listTree, readEntries } from '../mirror/tree.ts'
import type { HookEvent } from './hook-events.ts'
import type { HookAnswer } from './hook-output.ts'
import type { Hook } from './parse-hooks.ts'
import { composePayload, type HookDetails } from './payload.ts'
import { type HookPlace, type HookRun, runHook } from './run-hook.ts'

/** The hooks of a session's repository. */
export interface SessionHooks {
  has(event: HookEvent): boolean
  /**
   * Runs what is to be run at an event and matches it, in the order of the files, and gives what it was answered
   * first that says no, or else last. Each run is an event.
   */
  fire(event: HookEvent, details: HookDetails): Promise<HookAnswer>
}

/** One string of an environment has no room for more (128 KiB in Linux). */
const longestPromptBytes = 100_000
const mostFiles = 50

/**
 * Reads the hooks of `.github/hooks` at the commit that says how agents work in this task. What of them is not
 * followed is told. An agent that runs them itself is left to do so.
 */
export async function openSessionHooks(
  run: Run,
  box: Box,
  parts: {
    mirror: Mirror
    steeringCommit: string
    descriptor: AgentDescriptor
    firewall: SessionFirewall
    /** What the agent's environment has of the repository's secrets and variables. */
    values: Readonly<Record<string, string>>
  },
): Promise<SessionHooks> {
  const hooks = await readHooks(run, parts)
  const { descriptor, firewall, values } = parts
  if (hooks.length > 0 && descriptor.runsHooks) {
    await run.say(`The hooks of the repository are run by the agent ${descriptor.name} itself.`)
    return { has: () => false, fire: () => Promise.resolve({}) }
  }
  const prompt = Buffer.from(run.lease.session.prompt).subarray(0, longestPromptBytes)
  const place: HookPlace = {
    box,
    forwards: [firewall.forward],
    env: {
      ...values,
      ...firewall.env,
      // No text of an environment can hold it.
      COPILOT_AGENT_PROMPT: prompt.toString('utf8').replaceAll('\0', ''),
    },
  }
  return {
    has: (event) => hooks.some((hook) => hook.event === event),
    async fire(event, details) {
      let answer: HookAnswer = {}
      for (const hook of hooks.filter((hook) => hook.event === event && hook.matches(details))) {
        answer = { ...answer, ...(await runOne(run, place, hook, details)) }
        if (answer.permission === 'deny' || answer.isBlocking === true) break
      }
      return answer
    },
  }
}

async function readHooks(
  run: Run,
  { mirror, steeringCommit }: { mirror: Mirror; steeringCommit: string },
): Promise<Hook[]> {
  const tree = await listTree(run, mirror, steeringCommit, ['.github/hooks'])
  const files = tree
    .filter((entry) => isFile(entry) && /^\.github\/hooks\/[^/]+\.json$/.test(entry.path))
    .slice(0, mostFiles)
  if (files.length === 0) return []
  // With the matchers' engine, which most repositories have no use for.
  const { parseHooks } = await import('./parse-hooks.ts')
  const texts = await readEntries(run, mirror, files)
  const hooks: Hook[] = []
  for (const { path, oid } of files) {
    const parsed = parseHooks(path, texts.get(oid) ?? '')
    for (const problem of parsed.problems) {
      await run.say(run.mask.text(`${printable(problem).slice(0, 500)}.`), 'warning')
    }
    hooks.push(...parsed.hooks)
  }
  return hooks
}

async function runOne(
  run: Run,
  place: HookPlace,
  hook: Hook,
  details: HookDetails,
): Promise<HookAnswer> {
  const begun = process.hrtime.bigint()
  const session = { id: run.lease.session.id, cwd: boxPaths.workspace, now: new Date() }
  const ended = await runHook(place, hook, composePayload(hook.eventName, session, details))
  run.signal.throwIfAborted()
  const answer = decide(hook, ended)
  const said = answer.permission ?? (answer.isBlocking === true ? 'block' : undefined)
  const why = ended.problem ?? answer.reason
  run.recorder.report({
    type: 'session.hook',
    data: {
      hook: hook.place,
      hook_event: hook.event,
      outcome: ended.outcome,
      duration_ms: Number((process.hrtime.bigint() - begun) / 1_000_000n),
      ...(said === undefined ? {} : { decision: said }),
      ...(why === undefined ? {} : { message: printable(run.mask.text(why)).slice(0, 2000) }),
    },
  })
  return answer
}

/** A command that was to decide and failed has denied; all else that did not answer lets things go on. */
function decide(hook: Hook, { outcome, answer, problem }: HookRun): HookAnswer {
  const isGuard = hook.event === 'preToolUse' && hook.type === 'command'
  if (outcome !== 'failed' || !isGuard) return answer
  return { permission: 'deny', reason: `the hook failed: ${problem ?? ''}` }
}

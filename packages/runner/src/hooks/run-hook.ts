import { posix } from 'node:path'

import { type Box, boxPaths, type Forward, type RunResult } from '../box/index.ts'
import { type HookAnswer, readHookOutput } from './hook-output.ts'
import type { CommandHook, Hook, HttpHook } from './parse-hooks.ts'

/** What hooks run with: the box, with the firewall as their way out, and the environment of the session. */
export interface HookPlace {
  box: Box
  forwards: readonly Forward[]
  env: Readonly<Record<string, string>>
}

/** How a hook ended. */
export interface HookRun {
  outcome: 'completed' | 'failed' | 'timed_out'
  answer: HookAnswer
  /** Why it failed. */
  problem?: string
}

/** Of what a hook prints or is answered (behaviour.md 3.6). */
const largestOutputBytes = 10 * 1024 * 1024

/** Runs a hook to its end. What it does and prints is the box's: it can do no more than the agent can. */
export async function runHook(place: HookPlace, hook: Hook, payload: object): Promise<HookRun> {
  const result = await (hook.type === 'command'
    ? runCommand(place, hook, payload)
    : callUrl(place, hook, payload))
  if (result.reason === 'wall_clock') return { outcome: 'timed_out', answer: {} }
  if (result.truncated) {
    const mebibytes = largestOutputBytes / 1024 / 1024
    return failed(`it printed more than ${mebibytes} MiB`)
  }
  if (result.code !== 0) {
    const words = result.stderr.toString('utf8').trim().slice(-2000)
    const how = result.reason ?? `code ${result.code ?? 1}`
    return failed(`it ended with ${how}${words === '' ? '' : `: ${words}`}`)
  }
  const answer = readHookOutput(result.stdout.toString('utf8'))
  return answer === undefined
    ? failed('what it printed is no JSON')
    : { outcome: 'completed', answer }
}

function failed(problem: string): HookRun {
  return { outcome: 'failed', answer: {}, problem }
}

function runCommand(
  { box, forwards, env }: HookPlace,
  { command, cwd, env: own, timeoutMs }: CommandHook,
  payload: object,
): Promise<RunResult> {
  const added = Object.entries(own).map(([name, value]) => [name, fillIn(value, env)])
  return box.run('bash', ['-c', command], {
    cwd: posix.resolve(boxPaths.workspace, cwd),
    env: { ...env, ...Object.fromEntries(added) },
    forwards,
    timeoutMs,
    maxOutputBytes: largestOutputBytes,
    input: JSON.stringify(payload),
  })
}

/** From inside the box, by the firewall: what a repository names is nowhere the runner goes. */
function callUrl(
  { box, forwards, env }: HookPlace,
  { url, headers, allowedEnvVars, timeoutMs }: HttpHook,
  payload: object,
): Promise<RunResult> {
  const allowed = Object.fromEntries(
    allowedEnvVars.flatMap((name) => (Object.hasOwn(env, name) ? [[name, env[name] ?? '']] : [])),
  )
  const filled = Object.entries(headers).map(([name, value]) => [name, fillIn(value, allowed)])
  return box.run(process.execPath, ['-e', caller], {
    env,
    forwards,
    timeoutMs,
    maxOutputBytes: largestOutputBytes,
    input: JSON.stringify({ url, headers: Object.fromEntries(filled), payload }),
  })
}

const caller = `
const { url, headers, payload } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'))
fetch(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(payload),
  redirect: 'error',
}).then(async (response) => {
  if (!response.ok) throw new Error('it answered ' + response.status)
  for await (const chunk of response.body ?? []) process.stdout.write(chunk)
}).catch((error) => {
  console.error(error.cause?.message ?? error.message)
  process.exitCode = 1
})`

/** `$NAME` and `\${NAME}`; what is not there is empty. */
function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g, (_, braced?: string, plain?: string) => {
    const name = braced ?? plain ?? ''
    return Object.hasOwn(values, name) ? (values[name] ?? '') : ''
  })
}

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { Socket } from 'node:net'
import { constants, getPriority, setPriority } from 'node:os'
import { createInterface } from 'node:readline'

import type { FromLauncher, LauncherArguments, ToLauncher } from './control.ts'
import { startForwarder } from './forwarder.ts'
import { backgroundPriority, oomScore } from './precedence.ts'
import { probe } from './probe.ts'
import { openWayIn } from './way-in.ts'

/**
 * The first program in a box. It opens the ways out and in, probes the box, reports, and on the runner's word
 * starts the agent on its own standard streams. It may use nothing but Node's built-in modules, so that
 * nothing else has to be bound into the box.
 */
const given = JSON.parse(process.argv[2]!) as LauncherArguments // the runner wrote it
const control = new Socket({ fd: given.controlFd, readable: true, writable: true })
let agent: ChildProcess | undefined

// The runner is gone: the box must not outlive it. --die-with-parent says the same to the kernel, but
// for a runner that died before bubblewrap could ask for that.
control.once('close', () => process.exit(1))
control.on('error', () => process.exit(1))

createInterface({ input: control }).on('line', (line) => {
  // The runner wrote it; nobody else has the other end.
  const message = JSON.parse(line) as ToLauncher
  if (message.type === 'spawn') startAgent(message)
  else agent?.kill(message.signal)
})

standBehindTheHost()
await Promise.all(given.forwards.map(startForwarder))
if (given.wayIn !== undefined) openWayIn(given.wayIn)
send({ type: 'ready', findings: await probe(given.readOnlyPaths) })

/** Everything in the box inherits both: the server answers while agents compile, and outlives them. */
function standBehindTheHost(): void {
  // Behind where the host is, which may itself be nice: only some may go back from there.
  setPriority(Math.min(getPriority() + backgroundPriority, constants.priority.PRIORITY_LOW))
  // When the host itself runs out of memory, the kernel looks here for what to kill.
  if (existsSync('/proc/self')) writeFileSync('/proc/self/oom_score_adj', String(oomScore))
}

function startAgent({ command, args, env, cwd }: ToLauncher & { type: 'spawn' }): void {
  try {
    agent = spawn(command, args, {
      stdio: 'inherit',
      env: { ...process.env, ...env },
      ...(cwd === undefined ? {} : { cwd }),
    })
  } catch (error) {
    // Node throws some errors, like E2BIG, and emits others.
    finish({ type: 'not_started', code: nameOf(error) })
    return
  }
  agent.once('error', (error) => {
    finish({ type: 'not_started', code: nameOf(error) })
  })
  agent.once('exit', (code, signal) => {
    finish({ type: 'exited', code, signal })
  })
}

function nameOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
}

/** What the agent left running in the background ends with it: bubblewrap kills the rest of the box. */
function finish(message: FromLauncher): void {
  control.end(`${JSON.stringify(message)}\n`, () => process.exit(0))
}

function send(message: FromLauncher): void {
  control.write(`${JSON.stringify(message)}\n`)
}

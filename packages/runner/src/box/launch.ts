import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Duplex, Readable, Writable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'

import type { SandboxSettings } from '@errand/contract'

import type { BoxLevel } from './box.ts'
import { type BoxCgroup, joinCommand } from './cgroup.ts'
import { type Bind, bwrapArguments } from './command.ts'
import { ownFiles } from './own-files.ts'
import type { HostTools } from './host-tools.ts'
import { canReach, type Identity } from './identity.ts'
import { listInheritedFds } from './inherited-fds.ts'
import { readProcess } from './process-table.ts'
import { stagedPath, stagingCommand } from './staging.ts'

/** File descriptors bubblewrap is started with, after the standard streams. */
const fds = { args: 3, seccomp: 4, info: 5, control: 6, firstFile: 7 } as const
const filePaths = Object.keys(ownFiles)

/** Inside the box, the other end of `Launch.control`. */
export const controlFd = fds.control

export interface LaunchPlan {
  tools: HostTools
  identity: Identity
  settings: SandboxSettings
  level: BoxLevel
  binds: readonly Bind[]
  env: Readonly<Record<string, string>>
  cwd: string
  seccompFilter: Buffer
  /** A cgroup of the box's own, where the host delegates one. */
  cgroup: BoxCgroup | undefined
}

/** One sandbox, from its start until the last process in it is dead. */
export interface Launch {
  /** Bubblewrap's own process on the host: the root of the process tree. */
  pid: number
  /** The first process inside the box, as the host numbers it. Rejects if the box did not come up. */
  initPid: Promise<number>
  stdin: Writable
  stdout: Readable
  stderr: Readable
  /** A socket to the command. A command that sees its end must end: the runner is gone. */
  control: Duplex
  /** Resolves when everything in it is dead. Bubblewrap adds 128 to a signal's number. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>
  kill(): void
}

/** Starts `command` in a sandbox. */
export async function launch(plan: LaunchPlan, command: readonly string[]): Promise<Launch> {
  const child = start(plan, command)
  // Either comes first; once() rejects on `error`, when the program could not be started at all.
  await once(child, 'spawn')
  const initPid = readInitPid(pipeOf(child, fds.info))
  // Whoever waits for it hears of it; who does not is not to be stopped by it.
  initPid.catch(() => {})
  // A pipe breaks when the other end dies, which is told by `ended`; without a listener Node would
  // end the runner for it.
  for (const pipe of [child.stdin, pipeOf(child, controlFd)]) pipe?.on('error', () => {})
  const ended = waitUntilDead(child, initPid)
  return {
    pid: child.pid!, // set, as it was spawned
    initPid,
    // All three are pipes, see `start`.
    stdin: child.stdin!,
    stdout: child.stdout!,
    stderr: child.stderr!,
    control: pipeOf(child, controlFd),
    ended,
    kill: () => void kill(child, initPid),
  }
}

function start(plan: LaunchPlan, command: readonly string[]): ChildProcess {
  const { identity, tools } = plan
  const { binds, sources } = stageUnreachable(plan)
  // Joining a group of root's needs root still; staging steps down afterwards.
  const isStaged = sources.length > 0 || (identity.stepsDown && plan.cgroup !== undefined)
  const bwrap = [tools.bwrap, '--args', String(fds.args), '--', ...command]
  const staged = isStaged ? stagingCommand(tools, identity, sources, bwrap) : bwrap
  const [program = tools.bwrap, ...args] =
    plan.cgroup === undefined ? staged : joinCommand(tools, plan.cgroup, staged)

  const nothing = openSync('/dev/null', 'r+')
  const options: SpawnOptions = {
    cwd: '/',
    // Empty: bubblewrap's first process inside keeps the environment it was started with, readable
    // in /proc/1/environ even with --clearenv.
    env: {},
    stdio: arrangeFds(nothing),
    // A session of its own: Ctrl-C in the server's terminal ends the server in order, not the box.
    detached: true,
    // Node also clears the supplementary groups then.
    ...(identity.stepsDown && !isStaged ? { uid: identity.uid, gid: identity.gid } : {}),
  }
  try {
    const child = spawn(program, args, options)
    feed(child, plan, binds)
    return child
  } finally {
    closeSync(nothing)
  }
}

/** Each source bubblewrap could not walk to is staged; the others are bound from where they are. */
function stageUnreachable({ identity, binds }: LaunchPlan): { binds: Bind[]; sources: string[] } {
  const sources: string[] = []
  const reachable = binds.map((bind) => {
    if (!identity.stepsDown || canReach(identity, bind.source)) return bind
    return { ...bind, source: stagedPath(sources.push(bind.source) - 1) }
  })
  return { binds: reachable, sources }
}

/** Pipes for those we use. What would be inherited besides is covered with /dev/null. */
function arrangeFds(nothing: number): ('pipe' | 'ignore' | number)[] {
  const used = fds.firstFile + filePaths.length
  const inherited = listInheritedFds('self')
    .map(({ fd }) => fd)
    .filter((fd) => fd >= used)
  const stdio = Array<'pipe' | 'ignore' | number>(Math.max(used - 1, ...inherited) + 1)
  stdio.fill('pipe', 0, used).fill('ignore', used)
  for (const fd of inherited) stdio[fd] = nothing
  return stdio
}

/** Hands over what bubblewrap reads before it starts. All of it fits the sockets' buffers. */
function feed(child: ChildProcess, plan: LaunchPlan, binds: readonly Bind[]): void {
  const files = Object.fromEntries(filePaths.map((path, index) => [path, fds.firstFile + index]))
  const args = bwrapArguments({
    ...plan,
    binds,
    fds: { seccomp: fds.seccomp, info: fds.info, files },
  })
  // Bubblewrap parts its arguments by NUL: one inside a value would begin an argument of its own.
  const bad = args.find((arg) => arg.includes('\0'))
  if (bad !== undefined) throw new TypeError('an argument of a box contains a NUL character')
  give(child, fds.args, `${args.join('\0')}\0`)
  give(child, fds.seccomp, plan.seccompFilter)
  for (const path of filePaths) give(child, files[path]!, ownFiles[path]!) // both made from filePaths
}

function give(child: ChildProcess, fd: number, content: string | Buffer): void {
  const pipe = pipeOf(child, fd)
  // It broke because the child died; that is told by its end.
  pipe.on('error', () => {})
  pipe.end(content)
}

function pipeOf(child: ChildProcess, fd: number): Duplex {
  // Node makes a socket pair for each 'pipe' above the standard streams: readable and writable.
  return child.stdio[fd] as Duplex
}

/** Bubblewrap writes `{"child-pid": n, ...}` once the first process inside exists. */
async function readInitPid(pipe: Duplex): Promise<number> {
  let text = ''
  for await (const chunk of pipe) text += String(chunk)
  const info = /"child-pid": (\d+)/.exec(text)
  if (info === null) throw new Error('bubblewrap did not start the box')
  return Number(info[1])
}

/**
 * Bubblewrap's end is not yet the end of what it started: when its command ends it leaves at once, and
 * the kernel then kills the first process inside, and with it all others.
 */
async function waitUntilDead(
  child: ChildProcess,
  initPid: Promise<number>,
): ReturnType<() => Launch['ended']> {
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null]
  const pid = await initPid.catch(() => undefined)
  if (pid !== undefined) {
    while (readProcess(pid) !== undefined) await delay(2)
  }
  return { code, signal }
}

/**
 * Kills the first process inside, which takes the whole process namespace with it. Bubblewrap itself
 * would leave an orphan for the machine's init to reap, and a container may have none that does.
 */
async function kill(child: ChildProcess, initPid: Promise<number>): Promise<void> {
  // A start that hangs has no such process yet.
  const pid = await Promise.race([initPid, delay(500, undefined)]).catch(() => undefined)
  // As long as bubblewrap is its parent, the number still means this process.
  if (pid !== undefined && readProcess(pid)?.parent === child.pid) {
    try {
      process.kill(pid, 'SIGKILL')
      return
    } catch {
      // It died since we looked. Then bubblewrap ends too, and the line below hurries it.
    }
  }
  child.kill('SIGKILL')
}

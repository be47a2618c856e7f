import { dirname } from 'node:path'

import { ErrandError } from '@errand/contract'

import { type PreparedLaunch, prepareLaunch } from './agent-launch.ts'
import { assessProbe, SandboxTooWeak } from './assess.ts'
import {
  type Box,
  type BoxedProcess,
  type BoxLevel,
  type BoxOptions,
  boxPaths,
  type SpawnOptions,
} from './box.ts'
import { watchProcess } from './boxed-process.ts'
import { createBoxCgroup, findOwnDelegation } from './cgroup.ts'
import { defaultEnvironment } from './command.ts'
import { isTooLittle, readRoom } from './disk-guard.ts'
import { requireHostTools } from './host-tools.ts'
import { chooseIdentity } from './identity.ts'
import type { ProbeFindings } from './inside/findings.ts'
import { readKernelRecord } from './kernel-record.ts'
import type { LaunchPlan } from './launch.ts'
import { limitCommand } from './limits.ts'
import { memoryFloorBytes, readHostMemory } from './memory-guard.ts'
import { giveTo } from './ownership.ts'
import type { Opening } from './opening.ts'
import { bindsOf, bindsOfWays, socketTarget, type Ways, wayInTarget } from './paths.ts'
import { findChild } from './process-table.ts'
import { runCommand } from './run-command.ts'
import { runToEnd } from './run-to-end.ts'
import { buildFilter } from './seccomp/filter.ts'
import { superviseBox } from './supervise.ts'

/** A sandbox that was probed and found sound. */
interface SoundLaunch extends PreparedLaunch {
  findings: ProbeFindings
}

/**
 * Opens a box: brings a sandbox up, probes it, and keeps it ready for the agent.
 *
 * @throws SandboxTooWeak if the probe finds anything weaker than configured; nothing has run then
 * @throws ErrandError `unavailable` if this machine cannot open one: a program or a folder is
 *   missing, or it has too little memory or disk left
 */
export async function openBox(options: BoxOptions): Promise<Box> {
  options.signal.throwIfAborted()
  const plan = await planBox(options)
  const supervision = superviseBox({ ...options, cgroup: plan.cgroup })
  const limit = limitCommand(plan.tools.prlimit, options.settings, options.wallClockMs)
  const opening = { options, plan, limit, supervision }
  try {
    const { level, first } = await reachLevel(opening)
    return presentBox({ ...opening, plan: { ...plan, level } }, first)
  } catch (error) {
    await supervision.close()
    throw error
  }
}

async function planBox(options: BoxOptions): Promise<LaunchPlan> {
  const { settings } = options
  const tools = requireHostTools()
  const identity = chooseIdentity(settings.uid)
  const binds = bindsOf(options)
  await requireRoom(options)
  const delegation = findOwnDelegation()
  await giveTo(tools, identity, [options.workspaceDir, options.homeDir])
  return {
    tools,
    identity,
    settings,
    level: 'full',
    binds,
    env: defaultEnvironment(dirname(process.execPath)),
    cwd: options.cwd ?? boxPaths.workspace,
    seccompFilter: buildFilter(),
    cgroup: delegation === undefined ? undefined : createBoxCgroup(delegation, settings),
  }
}

/** Below these the guards would stop the box at their first look. */
async function requireRoom({ workspaceDir }: BoxOptions): Promise<void> {
  if (isTooLittle(await readRoom(workspaceDir))) {
    throw new ErrandError('unavailable', {
      message: `The disk of ${workspaceDir} is almost full, or has no room for more files: free some of it on the runner's machine.`,
    })
  }
  if (readHostMemory().availableBytes < memoryFloorBytes) {
    throw new ErrandError('unavailable', {
      message: "The runner's machine has too little memory left to start a sandbox.",
    })
  }
}

/** The strongest level this host can do. A weaker one only if the settings accept it. */
async function reachLevel(opening: Opening): Promise<{ level: BoxLevel; first: SoundLaunch }> {
  const { settings, log } = opening.options
  try {
    return { level: 'full', first: await prepareSound(opening, opening.options) }
  } catch (error) {
    if (settings.level === 'full' || error instanceof SandboxTooWeak) throw error
    log.warn({ err: error }, 'box falls back to the basic level')
    const plan = { ...opening.plan, level: 'basic' as const }
    const first = await prepareSound({ ...opening, plan }, opening.options)
    return { level: 'basic', first }
  }
}

async function prepareSound(opening: Opening, ways: Ways): Promise<SoundLaunch> {
  const { options, limit, supervision } = opening
  const { tools, identity } = opening.plan
  const sockets = bindsOfWays(ways)
  await giveTo(
    tools,
    identity,
    sockets.map(({ source }) => source),
  )
  const plan = { ...opening.plan, binds: [...opening.plan.binds, ...sockets] }
  const prepared = await prepareLaunch(plan, {
    limit,
    forwards: ways.forwards,
    socketTarget,
    ...(ways.wayIn === undefined ? {} : { wayIn: wayInTarget }),
    readOnlyPaths: plan.binds.filter(({ writable }) => !writable).map(({ target }) => target),
    onLaunch: (launch) => supervision.add(launch),
  })
  // The launcher is the only child of the box's first process, and it waits for us.
  const launcherPid = findChild(await prepared.launch.initPid)
  const findings = { ...prepared.inside, ...readKernelRecord(launcherPid) }
  const weaknesses = assessProbe(findings, options.settings, plan.level)
  if (weaknesses.length > 0) {
    prepared.launch.kill()
    throw new SandboxTooWeak(weaknesses)
  }
  return { ...prepared, findings }
}

function presentBox(opening: Opening, first: SoundLaunch): Box {
  const { options, plan, supervision } = opening
  let ready: SoundLaunch | undefined = first
  const requireOpen = (): void => {
    if (supervision.reason === undefined) return
    throw new ErrandError('unavailable', {
      message: `The sandbox is no longer there: ${supervision.reason}.`,
    })
  }
  async function spawn(
    command: string,
    args: readonly string[],
    { env, cwd, forwards }: SpawnOptions,
  ): Promise<BoxedProcess> {
    requireOpen()
    const prepared = await prepareSound(opening, { forwards })
    const place = cwd === undefined ? {} : { cwd }
    prepared.send({ type: 'spawn', command, args, env: { ...options.env, ...env }, ...place })
    return watchProcess(options.settings, prepared, supervision)
  }
  return {
    probe: first.findings,
    level: plan.level,
    async spawnAgent(command, args, env) {
      requireOpen()
      const prepared = ready ?? (await prepareSound(opening, options))
      ready = undefined
      prepared.send({ type: 'spawn', command, args, env: { ...options.env, ...env } })
      return watchProcess(options.settings, prepared, supervision)
    },
    spawn,
    async run(command, args, runOptions) {
      requireOpen()
      const { forwards = [], env = {}, cwd } = runOptions
      if (forwards.length === 0) return await runCommand(opening, [command, ...args], runOptions)
      const way = { forwards, env, ...(cwd === undefined ? {} : { cwd }) }
      return await runToEnd(await spawn(command, args, way), runOptions)
    },
    close: () => supervision.close(),
    [Symbol.asyncDispose]: () => supervision.close(),
  }
}

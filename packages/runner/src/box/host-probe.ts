import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'

import type { SandboxSettings } from '@errand/contract'

import { type BoxLevel, gatewayPort } from './box.ts'
import { findOwnDelegation } from './cgroup.ts'
import { diskFloorBytes, readRoom } from './disk-guard.ts'
import { findTool } from './host-tools.ts'
import { chooseIdentity } from './identity.ts'
import { openBox } from './open-box.ts'

const run = promisify(execFile)

/** One thing looked at on this machine. */
export interface ProbeCheck {
  name: string
  ok: boolean
  /** What was found, a phrase. */
  detail: string
  /** What to do about it, a sentence; only when not ok. */
  remedy?: string
}

/** What this machine can do as a runner. */
export interface ProbeReport {
  /** The level a box really opened at reached; `none` when none opened. */
  level: BoxLevel | 'none'
  checks: ProbeCheck[]
}

/**
 * Looks at what boxes need of this machine, then opens one. Never throws: what fails is a check.
 *
 * @param dataDir whose disk is looked at; default: the folder for temporary files
 */
export async function probeHost(
  settings: SandboxSettings,
  dataDir: string = tmpdir(),
): Promise<ProbeReport> {
  const checks = [
    checkNode(),
    await checkProgram('git', 'git'),
    await checkBubblewrap(),
    checkPrograms(),
    ...(await Promise.all(namespaceChecks.map((check) => checkNamespace(settings, check)))),
    await checkSeccomp(),
    checkCgroup(),
    await checkDisk(dataDir),
  ]
  const { level, check } = await checkBox(settings)
  return { level, checks: [...checks, check] }
}

function checkNode(): ProbeCheck {
  const major = Number(process.versions.node.split('.')[0])
  return verdict('node', major >= 24, process.version, 'Run Errand with Node 24 or newer.')
}

async function checkProgram(name: string, packageName: string): Promise<ProbeCheck> {
  const path = findTool(name)
  const remedy = `Install the package ${packageName}.`
  if (path === undefined) return verdict(name, false, 'not found', remedy)
  const { stdout } = await run(path, ['--version'])
  return verdict(name, true, stdout.trim().split('\n')[0] ?? '', remedy)
}

/** Debian 12's version. The first that can forbid user namespaces inside. */
const oldestBubblewrap = [0, 8]

async function checkBubblewrap(): Promise<ProbeCheck> {
  const check = await checkProgram('bwrap', 'bubblewrap')
  const [major = 0, minor = 0] = (/(\d+)\.(\d+)/.exec(check.detail) ?? []).slice(1).map(Number)
  const isRecent = major > oldestBubblewrap[0]! || minor >= oldestBubblewrap[1]! // both written above
  const remedy = check.remedy ?? 'Install bubblewrap 0.8 or newer.'
  return verdict('bubblewrap', check.ok && isRecent, check.detail, remedy)
}

function checkPrograms(): ProbeCheck {
  const needed = ['prlimit', 'unshare', 'setpriv', 'mount', 'sh', 'chown']
  const missing = needed.filter((name) => findTool(name) === undefined)
  return verdict(
    'util-linux',
    missing.length === 0,
    missing.length === 0
      ? 'prlimit, unshare and setpriv are there'
      : `missing: ${missing.join(', ')}`,
    'Install the packages util-linux, mount and coreutils.',
  )
}

interface NamespaceCheck {
  name: string
  args: readonly string[]
  remedy: string
}

const namespaceChecks: readonly NamespaceCheck[] = [
  {
    name: 'user namespaces',
    args: ['--unshare-user'],
    remedy:
      'Allow unprivileged user namespaces: sysctl kernel.unprivileged_userns_clone=1 on Debian, kernel.apparmor_restrict_unprivileged_userns=0 on Ubuntu; in a container, run it with a seccomp profile that allows them.',
  },
  {
    name: 'network namespace',
    args: ['--unshare-user', '--unshare-net'],
    remedy: 'Use a kernel with network namespaces (CONFIG_NET_NS), or allow them to the container.',
  },
  {
    name: 'fresh /proc',
    args: ['--unshare-user', '--unshare-pid', '--proc', '/proc'],
    remedy:
      'In a container /proc is masked: start it with --security-opt systempaths=unconfined, or accept boxes without /proc by sandbox.level: basic.',
  },
]

/** Tried as whom boxes are started as: root may what the box's uid may not. */
async function checkNamespace(
  settings: SandboxSettings,
  { name, args, remedy }: NamespaceCheck,
): Promise<ProbeCheck> {
  const bwrap = findTool('bwrap')
  if (bwrap === undefined) return verdict(name, false, 'needs bubblewrap', 'Install bubblewrap.')
  const { uid, gid, stepsDown } = chooseIdentity(settings.uid)
  try {
    const as = stepsDown ? { uid, gid } : {}
    await run(bwrap, ['--ro-bind', '/', '/', ...args, '--', '/bin/true'], {
      ...as,
      env: {},
      cwd: '/',
    })
    return verdict(name, true, 'works', remedy)
  } catch (error) {
    return verdict(name, false, describe(error), remedy)
  }
}

async function checkSeccomp(): Promise<ProbeCheck> {
  const hasFilters = (await readFile('/proc/self/status', 'utf8')).includes('Seccomp_filters:')
  return verdict(
    'seccomp',
    hasFilters,
    hasFilters ? 'the kernel filters system calls' : 'the kernel has no seccomp filters',
    'Use a kernel with CONFIG_SECCOMP_FILTER.',
  )
}

/** Boxes do without one, so it does not bear on the level. */
function checkCgroup(): ProbeCheck {
  const delegation = findOwnDelegation()
  return verdict(
    'cgroup v2',
    delegation !== undefined,
    delegation ?? 'not delegated: the memory of boxes is watched by sampling',
    'For limits without a gap run Errand as a systemd service with Delegate=memory pids and DelegateSubgroup=runner.',
  )
}

/** The folder need not be there yet: then the disk is that of what it will be made in. */
async function checkDisk(dataDir: string): Promise<ProbeCheck> {
  let folder = dataDir
  while (!existsSync(folder) && folder !== dirname(folder)) folder = dirname(folder)
  const { freeBytes } = await readRoom(folder)
  const freeGb = (freeBytes / 1e9).toFixed(1)
  return verdict(
    'disk',
    freeBytes >= 4 * diskFloorBytes,
    `${freeGb} GB free at ${folder}`,
    `Free at least ${Math.ceil((4 * diskFloorBytes) / 1e9)} GB.`,
  )
}

/** The proof of the rest: opens a box as sessions do, accepting any level, and closes it. */
async function checkBox(
  settings: SandboxSettings,
): Promise<{ level: ProbeReport['level']; check: ProbeCheck }> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-doctor-'))
  const server = createServer()
  try {
    const [workspaceDir, homeDir] = [join(folder, 'workspace'), join(folder, 'home')]
    const socketPath = join(folder, 'gateway.sock')
    await Promise.all([mkdir(workspaceDir), mkdir(homeDir)])
    await new Promise<void>((resolve) => server.listen(socketPath, resolve))
    const silent = (): void => {}
    await using box = await openBox({
      settings: { ...settings, level: 'basic' },
      log: { info: silent, warn: silent, error: silent, debug: silent },
      workspaceDir,
      homeDir,
      forwards: [{ port: gatewayPort, socketPath }],
      readOnlyPaths: [],
      env: {},
      signal: AbortSignal.timeout(30_000),
      wallClockMs: 30_000,
    })
    const isEnough = box.level === 'full' || settings.level === 'basic'
    const detail = `a box opens at level ${box.level}; ${settings.level} is required`
    return {
      level: box.level,
      check: verdict('sandbox', isEnough, detail, 'See the checks above for what is missing.'),
    }
  } catch (error) {
    const remedy = 'See the checks above; until then this machine runs no agents.'
    return { level: 'none', check: verdict('sandbox', false, describe(error), remedy) }
  } finally {
    server.close()
    await rm(folder, { recursive: true, force: true })
  }
}

function verdict(name: string, ok: boolean, detail: string, remedy: string): ProbeCheck {
  return ok ? { name, ok, detail } : { name, ok, detail, remedy }
}

/** Of a program that failed what it said, else the error's own words. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const said = 'stderr' in error ? String(error.stderr).trim() : ''
  return said || error.message
}

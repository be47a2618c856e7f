import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import type { AgentEntry } from '@errand/contract'
import { z } from 'zod'

import { hasCode } from '../error-code.ts'
import { printable } from '../printable.ts'
import { removeTree } from '../workspace/remove-tree.ts'
import { type InstallOptions, type Program, unavailable } from './install-options.ts'
import { agentFolder } from './installed.ts'

type Npx = NonNullable<NonNullable<AgentEntry['distribution']>['npx']>

const manifestName = 'package.json'
const lockName = 'package-lock.json'

/** npm works on what it cannot reach for minutes; then it is said that it cannot. */
const timeoutMs = 15 * 60_000

/** What npm may know of this process: where its registry is and how to get there. No other variable. */
const passedVariables = [
  'PATH',
  'HOME',
  'TMPDIR',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]),
  ...['registry', 'userconfig', 'globalconfig', 'cafile', 'strict_ssl'].flatMap((name) => [
    `npm_config_${name}`,
    `NPM_CONFIG_${name.toUpperCase()}`,
  ]),
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
]

/**
 * Installs a package of npm as its lock file says: the one that comes with Errand, else the one that was
 * recorded when the agent was added, else one that is recorded now.
 */
export async function installPackage(
  options: InstallOptions,
  name: string,
  npx: Npx,
  folder: string,
): Promise<Program> {
  const recorded = agentFolder(options.dataDir, name)
  const lock = await findLock(npx, [options.lockFolder, recorded])
  if (lock === undefined) await recordLock(options, name, npx, folder)
  const from = lock ?? recorded
  for (const file of [manifestName, lockName]) await copyFile(join(from, file), join(folder, file))
  await runNpm(options, name, folder, ['ci'])
  return await readProgram(npx, folder)
}

/** Resolves what a package needs, and records it with the sum of each file. Installs nothing. */
export async function recordLock(
  options: InstallOptions,
  name: string,
  npx: Npx,
  folder: string,
): Promise<void> {
  const { packageName, version } = splitPackage(npx)
  const manifest = { private: true, dependencies: { [packageName]: version } }
  await writeFile(join(folder, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)
  const args = ['install', '--package-lock-only', '--save-exact']
  await runNpm(options, name, folder, [...args, '--omit-lockfile-registry-resolved'])
  const place = agentFolder(options.dataDir, name)
  await mkdir(place, { recursive: true })
  for (const file of [manifestName, lockName]) await copyFile(join(folder, file), join(place, file))
}

/** The first folder whose lock file is of this version of the package. */
async function findLock(
  npx: Npx,
  folders: readonly (string | undefined)[],
): Promise<string | undefined> {
  const { packageName, version } = splitPackage(npx)
  for (const folder of folders) {
    if (folder === undefined) continue
    const manifest = await readManifest(join(folder, manifestName))
    if (manifest?.dependencies?.[packageName] === version) return folder
  }
  return undefined
}

async function runNpm(
  { variable, signal }: InstallOptions,
  name: string,
  folder: string,
  args: readonly string[],
): Promise<void> {
  const cache = join(folder, '.npm')
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier']
  // A cache of its own: nothing is left of it, and nothing is asked of the home of this process.
  const all = [...args, ...flags, '--loglevel=error', `--cache=${cache}`]
  const known = passedVariables.flatMap((one) => {
    const value = variable(one)
    return value === undefined ? [] : [[one, value]]
  })
  const child = spawn('/bin/sh', ['-c', 'umask 022; exec npm "$@"', 'npm', ...all], {
    cwd: folder,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin', ...Object.fromEntries(known) },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  })
  // The reason comes first; what follows is npm's manual.
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(0, 4096)
  })
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  // npm has children of its own: all of them are its group.
  const stop = (): void => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch (error) {
      // It has just ended by itself.
      if (!hasCode(error, 'ESRCH')) throw error
    }
  }
  limit.addEventListener('abort', stop)
  // The arguments of Node's close event.
  const [code] = (await once(child, 'close')) as [number | null]
  limit.removeEventListener('abort', stop)
  signal.throwIfAborted()
  await removeTree(cache)
  if (code === 0) return
  if (code === 127) {
    throw unavailable(`The agent ${name} is installed by npm, and there is no npm on this machine.`)
  }
  const lines = printable(said).trim().split('\n').slice(0, 6).join('\n')
  const why = limit.aborted ? `it took longer than ${timeoutMs / 60_000} minutes` : lines
  throw unavailable(`npm could not install the agent ${name}: ${why || `code ${code ?? 1}`}`)
}

const Manifest = z.object({
  bin: z.union([z.string(), z.record(z.string(), z.string())]).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
})

/** As npx finds it: the only program of a package, or the one that has its name. */
async function readProgram(npx: Npx, folder: string): Promise<Program> {
  const { packageName } = splitPackage(npx)
  const inside = join('node_modules', packageName)
  const manifest = await readManifest(join(folder, inside, manifestName))
  const bin = manifest?.bin ?? {}
  const own = basename(packageName)
  const programs = typeof bin === 'string' ? { [own]: bin } : bin
  const [only] = Object.values(programs)
  const found = Object.keys(programs).length === 1 ? only : programs[own]
  return {
    // What is missing is found by whoever looks for the program.
    command: join(inside, found ?? own),
    args: npx.args ?? [],
    env: npx.env ?? {},
  }
}

async function readManifest(file: string): Promise<z.infer<typeof Manifest> | undefined> {
  try {
    return Manifest.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

function splitPackage({ package: spec }: Npx): { packageName: string; version: string } {
  const at = spec.lastIndexOf('@')
  return { packageName: spec.slice(0, at), version: spec.slice(at + 1) }
}

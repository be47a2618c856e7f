import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../../test/support/run.ts'
import type { Release, RepairTask } from './tasks.ts'

/** A task with what it works on, as folders. */
export interface FetchedTask extends Pick<RepairTask, 'id' | 'prompt' | 'check'> {
  buggyDir: string
  fixedDir: string
}

/** Has npm fetch both releases, from the registry that npm on this machine is set to. */
export async function fetchTask(task: RepairTask, folder: string): Promise<FetchedTask> {
  const { id, prompt, check, buggy, fixed } = task
  const [buggyDir, fixedDir] = [join(folder, id, 'buggy'), join(folder, id, 'fixed')]
  await fetchRelease(task.package, buggy, buggyDir)
  await fetchRelease(task.package, fixed, fixedDir)
  return { id, prompt, check, buggyDir, fixedDir }
}

async function fetchRelease(name: string, release: Release, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const wanted = `${name}@${release.version}`
  const { HOME = '' } = process.env
  // npm finds its registry and its cache by the home.
  const options = { cwd: folder, env: { HOME, ...npmEnvironment() }, timeoutMs: 300_000 }
  const packed = await run('npm', ['pack', wanted, '--loglevel=error', '--prefer-offline'], options)
  const file = join(folder, packed.trim().split('\n').at(-1) ?? '')
  const sum = createHash('sha512')
    .update(await readFile(file))
    .digest('base64')
  if (`sha512-${sum}` !== release.integrity) {
    throw new Error(`${wanted} is not the package this task was made for: its integrity differs.`)
  }
  const unpack = ['-xzf', file, '-C', folder, '--strip-components=1', '--no-same-owner']
  await run('tar', unpack, { timeoutMs: 60_000 })
  await run('rm', [file])
}

/** Where its registry is and how to get there, as an installation of an agent is told. */
function npmEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(([name]) =>
    /^(npm_config_|(https?|no)_proxy$|NODE_EXTRA_CA_CERTS$|SSL_CERT_FILE$)/i.test(name),
  )
  return Object.fromEntries(
    entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
}

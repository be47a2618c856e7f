import { readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'

import type { AgentEntry } from '@errand/contract'
import { z } from 'zod'

import type { Installed } from '../agent/descriptor.ts'
import { hasCode } from '../error-code.ts'

/** What an installed agent's folder says of itself; it is written last. */
export const InstalledFile = z.object({
  version: z.string(),
  /** Below the folder. */
  command: z.string(),
  args: z.array(z.string()),
  env: z.record(z.string(), z.string()),
  size_bytes: z.number(),
})
export type InstalledFile = z.infer<typeof InstalledFile>

export const installedFileName = 'installed.json'

/** Where an agent's versions are, and what was recorded of it. */
export function agentFolder(dataDir: string, name: string): string {
  return join(dataDir, 'agents', name)
}

/** The version an entry is installed at; undefined for an agent that is not installed by us. */
export function installedVersion({ distribution, version }: AgentEntry): string | undefined {
  if (distribution === undefined) return undefined
  const { npx } = distribution
  if (npx !== undefined) return npx.package.slice(npx.package.lastIndexOf('@') + 1)
  const sum = binaryOf(distribution)?.sha256
  // It names a folder.
  const name = (version ?? 'unknown').replaceAll(/[^\w+-][^\w.+-]*/g, '.').replace(/^\.+/, '')
  return [name, ...(sum === undefined ? [] : [sum.slice(0, 12)])].join('-')
}

/** The archive for this machine. ACP's registry names processors as `uname -m` does. */
export function binaryOf({ binary }: NonNullable<AgentEntry['distribution']>) {
  const processor = process.arch === 'arm64' ? 'aarch64' : 'x86_64'
  return binary?.[`linux-${processor}`]
}

/** The agent as it is on this machine. Undefined if it is not. */
export async function findInstalled(
  dataDir: string,
  name: string,
  entry: AgentEntry,
): Promise<(Installed & { version: string; sizeBytes: number }) | undefined> {
  const version = installedVersion(entry)
  if (version === undefined) return undefined
  try {
    // A box is given what is bound into it by its real path.
    const folder = await realpath(join(agentFolder(dataDir, name), version))
    const text = await readFile(join(folder, installedFileName), 'utf8')
    const { command, args, env, size_bytes: sizeBytes } = InstalledFile.parse(JSON.parse(text))
    return { folder, command: join(folder, command), args, env, version, sizeBytes }
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

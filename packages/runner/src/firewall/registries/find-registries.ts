import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'

import { apt } from './apt.ts'
import { cargo } from './cargo.ts'
import { gem } from './gem.ts'
import { go } from './go.ts'
import { maven } from './maven.ts'
import { npm } from './npm.ts'
import { pip } from './pip.ts'
import type { PackageManager, Registry, RunCommand } from './registry.ts'

const managers: readonly PackageManager[] = [npm, pip, cargo, go, maven, apt, gem]

/** By the program that uses it. */
export type Registries = Readonly<Record<string, Registry>>

const timeoutMs = 20_000
const longestOutputBytes = 4 * 1024 * 1024

/**
 * Asks each package manager of this machine where it fetches packages. That is right behind a company's
 * mirror, too, and no name of a registry is ours to know. A manager that is not there, or answers
 * nothing of use, is left out.
 *
 * They run outside any box, in an empty folder: it is the operator's configuration that is asked for.
 */
export async function findRegistries(run: RunCommand = runHere): Promise<Registries> {
  const found = await Promise.all(
    managers.map(async (manager) => [manager.command, await manager.findRegistry(run)] as const),
  )
  return Object.fromEntries(
    found.filter((entry): entry is [string, Registry] => entry[1] !== undefined),
  )
}

/** In an empty folder of the machine's. */
export const runHere: RunCommand = (command, args, options = {}) =>
  new Promise((resolve) => {
    const { cwd = tmpdir(), wantsErrors = false } = options
    execFile(
      command,
      args,
      { cwd, timeout: timeoutMs, maxBuffer: longestOutputBytes },
      (error, stdout, stderr) => {
        if (wantsErrors) resolve(stderr)
        else resolve(error === null ? stdout : undefined)
      },
    )
  })

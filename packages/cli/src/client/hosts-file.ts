import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Environment } from '../settings.ts'

/** What `errand login` keeps: a token for each server, and the server that is meant by default. */
const Hosts = z.object({
  current: z.string().optional(),
  hosts: z.record(z.string(), z.object({ token: z.string(), login: z.string() })),
})
export type Hosts = z.infer<typeof Hosts>

export function hostsFilePath(environment: Environment): string {
  const base = environment.XDG_CONFIG_HOME || join(environment.HOME || homedir(), '.config')
  return join(base, 'errand', 'hosts.json')
}

/** Throws `UserError` when the file is there and not ours to understand. */
export function readHosts(environment: Environment): Hosts {
  const path = hostsFilePath(environment)
  if (!existsSync(path)) return { hosts: {} }
  try {
    return Hosts.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new UserError(`${path} cannot be read. Delete it and run \`errand login\` again.`, {
      cause,
    })
  }
}

/** Replaced in one step and readable by its owner alone, since it holds tokens. */
export function writeHosts(environment: Environment, hosts: Hosts): void {
  const path = hostsFilePath(environment)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const next = `${path}.${process.pid}`
  writeFileSync(next, `${JSON.stringify(hosts, undefined, 2)}\n`, { mode: 0o600 })
  chmodSync(next, 0o600)
  renameSync(next, path)
}

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { z } from 'zod'
import { secretPath } from './secrets-folder.ts'
import type { Environment } from '../settings.ts'

/** What a running `errand serve` leaves in its data folder for the commands beside it. */
const ServerNote = z.object({ url: z.string(), pid: z.int() })

export interface LocalServer {
  url: string
  token: string
}

/** Among the secrets of the data folder. */
export const ownerTokenFile = 'owner-token'
const noteFile = 'server.json'
/** The first has the say: a server in use before one that only shows what Errand can do. */
const dataFolders = ['.errand', '.errand/quickstart']

/** Says where the server can be reached; returns what takes the note away again. */
export function noteRunningServer(dataDir: string, url: string): Disposable {
  const path = join(dataDir, noteFile)
  writeFileSync(path, `${JSON.stringify({ url, pid: process.pid })}\n`)
  return { [Symbol.dispose]: () => rmSync(path, { force: true }) }
}

/**
 * The server of a data folder on this machine: ERRAND_DATA, or `.errand` here, in a folder above,
 * or in the checkout the command itself runs from. Only one that is running, and whose owner's token
 * may be read, counts.
 */
export function findLocalServer(
  environment: Environment,
  cwd: string,
  installDir: string | undefined,
): LocalServer | undefined {
  for (const dataDir of candidates(environment, cwd, installDir)) {
    const server = readLocalServer(dataDir)
    if (server) return server
  }
  return undefined
}

function* candidates(
  environment: Environment,
  cwd: string,
  installDir: string | undefined,
): Generator<string> {
  if (environment.ERRAND_DATA) {
    yield resolve(cwd, environment.ERRAND_DATA)
    return
  }
  for (let dir = cwd; ; dir = dirname(dir)) {
    for (const name of dataFolders) yield join(dir, name)
    if (dir === dirname(dir)) break
  }
  if (installDir) for (const name of dataFolders) yield join(installDir, name)
}

function readLocalServer(dataDir: string): LocalServer | undefined {
  const note = join(dataDir, noteFile)
  const token = secretPath(dataDir, ownerTokenFile)
  if (!existsSync(note) || !existsSync(token)) return undefined
  try {
    const { url, pid } = ServerNote.parse(JSON.parse(readFileSync(note, 'utf8')))
    if (!isLoopback(url) || !isAlive(pid)) return undefined
    return { url, token: readFileSync(token, 'utf8').trim() }
  } catch (error) {
    // Another user's server: its token is not for us.
    if (error instanceof Error && 'code' in error && error.code === 'EACCES') return undefined
    throw error
  }
}

/** A folder that was merely downloaded must not be able to send a token elsewhere. */
function isLoopback(url: string): boolean {
  return URL.canParse(url) && ['127.0.0.1', '[::1]', 'localhost'].includes(new URL(url).hostname)
}

/** A note outlives a server that was killed. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { link, open, readFile, rename, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import type { Settings } from '@errand/contract'
import { createEncryption, type Encryption, keyBytes } from '@errand/core'
import type { Logger } from 'pino'
import { prepareSecret } from '../client/secrets-folder.ts'
import { syncFolder } from '../sync-folder.ts'
import { UserError } from '../errors.ts'
import type { Environment } from '../settings.ts'
import { readSecret } from './read-secret.ts'

/** Among the secrets of the data folder. */
export const keyFile = 'encryption.key'
const commandTimeoutMs = 10_000

/**
 * What secrets in the store are encrypted with: the key that the settings name, or the one in the data
 * folder, made where there is none yet.
 *
 * @throws UserError when the key that is named is not there, or is none.
 */
export async function openEncryption(
  settings: Settings,
  environment: Environment,
  log: Logger,
): Promise<Encryption> {
  const { key_env: variable, key_command: command } = settings.encryption
  if (variable !== undefined && command !== undefined) {
    throw new UserError('Give one of encryption.key_env and encryption.key_command, not both.')
  }
  if (variable !== undefined) {
    const text = readSecret(environment, variable)
    if (text !== undefined) return readKeys(text, `the variable ${variable}`)
    throw new UserError(`encryption.key_env: the variable ${variable} is not set.`)
  }
  if (command !== undefined) {
    return readKeys(await printedBy(command, environment), 'encryption.key_command')
  }
  return await ownKey(settings, log)
}

async function ownKey(settings: Settings, log: Logger): Promise<Encryption> {
  const path = prepareSecret(settings.data, keyFile)
  const isNew = await makeKey(path)
  if (isNew && settings.database_url !== undefined) {
    log.warn(
      { file: path },
      'an encryption key was made for this machine alone: give servers and workers elsewhere the same (encryption.key_env)',
    )
  }
  return readKeys(await readFile(path, 'utf8'), path)
}

/**
 * Puts a new key before the one in the data folder. Where there are two already a rotation was stopped: its
 * new key is the one.
 */
export async function addOwnKey(settings: Settings): Promise<void> {
  const path = prepareSecret(settings.data, keyFile)
  if (await makeKey(path)) return
  const keys = wordsOf(await readFile(path, 'utf8'))
  if (keys.length === 1) await replaceKeys(path, [newKey(), ...keys])
}

/** Nothing is encrypted with them any more. */
export async function dropFormerKeys(settings: Settings): Promise<void> {
  const path = prepareSecret(settings.data, keyFile)
  const [first = ''] = wordsOf(await readFile(path, 'utf8'))
  await replaceKeys(path, [first])
}

/** The first of two who make one wins. Whether it was made here. */
async function makeKey(path: string): Promise<boolean> {
  return await withKeyFile(path, [newKey()], async (next) => {
    try {
      await link(next, path)
      return true
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
      throw error
    } finally {
      await unlink(next)
    }
  })
}

async function replaceKeys(path: string, keys: readonly string[]): Promise<void> {
  await withKeyFile(path, keys, (next) => rename(next, path))
}

/** Whole and readable by its owner alone, or not there at all. */
async function withKeyFile<T>(
  path: string,
  keys: readonly string[],
  put: (next: string) => Promise<T>,
): Promise<T> {
  const next = `${path}.${process.pid}.${randomBytes(4).toString('hex')}`
  const file = await open(next, 'wx', 0o600)
  try {
    await file.writeFile(`${keys.join('\n')}\n`)
    // A key that a power cut took is every secret lost.
    await file.sync()
  } finally {
    await file.close()
  }
  const done = await put(next)
  await syncFolder(dirname(path))
  return done
}

function newKey(): string {
  return randomBytes(keyBytes).toString('base64')
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/).filter(Boolean)
}

async function printedBy(
  [program = '', ...args]: readonly string[],
  env: Environment,
): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, args, { env, timeout: commandTimeoutMs })
    return stdout
  } catch (cause) {
    // What it printed may be the key.
    const remedy = `Run it by hand: it must print the key within ${commandTimeoutMs / 1000} seconds, and end with 0.`
    const failed = `encryption.key_command: ${program} did not give a key.`
    throw new UserError(failed, { remedy, cause: codeOf(cause) })
  }
}

/** The failure without the output that Node puts into it. */
function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}

function readKeys(text: string, place: string): Encryption {
  const keys = wordsOf(text).map((word) => Buffer.from(word, 'base64'))
  if (keys.length > 0 && keys.every(({ length }) => length === keyBytes)) {
    return createEncryption(keys)
  }
  throw new UserError(`The encryption key in ${place} must be ${keyBytes} bytes as base64.`, {
    remedy: '`openssl rand -base64 32` makes one.',
  })
}

import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Settings } from '@errand/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { secretPath } from '../client/secrets-folder.ts'
import { UserError } from '../errors.ts'
import { createLog } from './log.ts'
import { addOwnKey, dropFormerKeys, keyFile, openEncryption } from './open-encryption.ts'

let data: string
let logged: string
const log = createLog('warn', {
  write: (text) => void (logged += text),
  isInteractive: false,
  paint: (_, text) => text,
})
const newKey = () => randomBytes(32).toString('base64')

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'errand-encryption-'))
  logged = ''
})
afterEach(() => rmSync(data, { recursive: true }))

const openWith = (settings: object, environment = {}) =>
  openEncryption(Settings.parse({ data, ...settings }), environment, log)

it('makes a key in the data folder once, for its owner alone, also when many start at once', async () => {
  const started = await Promise.all([1, 2, 3, 4].map(() => openWith({})))

  const path = secretPath(data, keyFile)
  const { mode } = statSync(path)
  expect(new Set(started.map(({ keyId }) => keyId)).size).toBe(1)
  expect((await openWith({})).keyId).toBe(started[0]?.keyId)
  expect((mode & 0o777).toString(8)).toBe('600')
  expect((statSync(dirname(path)).mode & 0o777).toString(8)).toBe('700')
  expect(readdirSync(dirname(path))).toEqual([keyFile])
  expect(logged).toBe('')
})

it('says that a key is of this machine alone where a database is shared', async () => {
  await openWith({ database_url: 'postgresql://db/errand' })

  expect(logged).toContain('for this machine alone')
  expect(logged).not.toContain(readFileSync(secretPath(data, keyFile), 'utf8').trim())
})

describe('a new key in the data folder', () => {
  const settings = () => Settings.parse({ data })
  const words = () => readFileSync(secretPath(data, keyFile), 'utf8').trim().split('\n')

  it('comes before the old one until that is dropped, and is made once however often it begins', async () => {
    const old = await openWith({})
    const sealed = old.seal('secret', 'place')

    await addOwnKey(settings())
    const [fresh] = words()
    // Stopped there, and begun again.
    await addOwnKey(settings())
    const both = await openWith({})
    expect(words()).toHaveLength(2)
    expect(words()[0]).toBe(fresh)
    expect(both.keyId).not.toBe(old.keyId)
    expect(both.open(sealed, 'place')).toBe('secret')

    await dropFormerKeys(settings())
    expect(words()).toEqual([fresh])
    expect((await openWith({})).keyId).toBe(both.keyId)
    expect(statSync(secretPath(data, keyFile)).mode & 0o777).toBe(0o600)
    expect(readdirSync(dirname(secretPath(data, keyFile)))).toEqual([keyFile])
  })

  it('is the first where there was none', async () => {
    await addOwnKey(settings())

    expect(words()).toHaveLength(1)
  })
})

describe('a key in the data folder itself, where an earlier version put it', () => {
  it('is moved among the secrets, also when many start at once', async () => {
    const key = newKey()
    writeFileSync(join(data, keyFile), key)

    const started = await Promise.all([1, 2, 3, 4].map(() => openWith({})))

    const { keyId } = await openWith({ encryption: { key_env: 'K' } }, { K: key })
    expect(new Set(started.map((one) => one.keyId))).toEqual(new Set([keyId]))
    expect(readdirSync(data)).toEqual(['secrets'])
    expect(readFileSync(secretPath(data, keyFile), 'utf8')).toBe(key)
  })

  it('is neither lost nor used when there is another one already', async () => {
    const { keyId } = await openWith({})
    const key = newKey()
    writeFileSync(join(data, keyFile), key)

    await expect(openWith({})).rejects.toThrow('two different secrets')

    expect(readFileSync(join(data, keyFile), 'utf8')).toBe(key)
    rmSync(join(data, keyFile))
    expect((await openWith({})).keyId).toBe(keyId)
  })
})

describe('the key that the settings name', () => {
  it('comes from a variable, or from the file beside it, former ones behind it', async () => {
    const [now, former] = [newKey(), newKey()]
    const path = join(data, 'keys')
    writeFileSync(path, `${now}\n${former}\n`)
    const sealed = (await openWith({ encryption: { key_env: 'K' } }, { K: former })).seal('x', 'p')

    const byFile = await openWith({ encryption: { key_env: 'K' } }, { K_FILE: path })
    const byVariable = await openWith({ encryption: { key_env: 'K' } }, { K: now })

    expect(byFile.keyId).toBe(byVariable.keyId)
    expect(byFile.open(sealed, 'p')).toBe('x')
    expect(() => byVariable.open(sealed, 'p')).toThrow('does not have')
    expect(readdirSync(data)).toEqual(['keys'])
  })

  it('comes from a command, which no shell reads', async () => {
    const key = newKey()
    const encryption = { key_command: ['printf', '%s', key] }

    expect((await openWith({ encryption })).keyId).toBe(
      (await openWith({ encryption: { key_env: 'K' } }, { K: key })).keyId,
    )
  })

  it.each([
    ['a variable that is not set', { key_env: 'K' }, 'the variable K is not set'],
    ['both', { key_env: 'K', key_command: ['x'] }, 'not both'],
    ['a program that is not there', { key_command: ['/none'] }, '/none did not give a key'],
    ['a failing program', { key_command: ['sh', '-c', 'echo KEY; exit 3'] }, 'did not give a key'],
    ['an empty answer', { key_command: ['true'] }, 'must be 32 bytes as base64'],
    ['no key', { key_command: ['echo', 'c2hvcnQ= KEY'] }, 'must be 32 bytes as base64'],
  ])('is told from %s, without what was printed', async (_, encryption, message) => {
    const error: unknown = await openWith({ encryption }).catch((thrown: unknown) => thrown)

    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toContain(message)
    expect(JSON.stringify([error, (error as UserError).cause])).not.toContain('KEY')
  })
})

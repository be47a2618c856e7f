import { type Caller, errandClientId, ErrandError } from '@errand/contract'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type EmbeddedForge, openForge } from '../forge.ts'

let folder: string
let forge: EmbeddedForge
let user: { id: number }
let caller: Caller

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-device-'))
  forge = await open()
  user = await forge.createUser({ login: 'ann' })
  caller = await callerOf({})
})
afterEach(async () => {
  vi.useRealTimers()
  await forge.close()
  await rm(folder, { recursive: true, force: true })
})

async function open(): Promise<EmbeddedForge> {
  const log = { info() {}, warn() {} }
  return await openForge({ dataDir: folder, log, publicUrl: () => 'http://localhost' })
}

async function callerOf(token: object): Promise<Caller> {
  const secret = await forge.createToken({ user, kind: 'classic', ...token })
  return (await forge.authenticate(secret))!
}

async function begin(scopes = ['repo']) {
  const asked = { clientId: errandClientId, scopes, address: '192.0.2.7' }
  return (await forge.deviceLogin.begin(asked))!
}

const poll = (deviceCode: string, clientId = errandClientId) =>
  forge.deviceLogin.poll(deviceCode, clientId)

/** Time passes for codes and polls alike. */
function pass(seconds: number): void {
  vi.advanceTimersByTime(seconds * 1000)
}

describe('a device', () => {
  it('waits for its person, and then gets one token, once', async () => {
    const code = await begin(['repo', 'nonsense', 'repo'])

    expect(code).toMatchObject({ expires_in: 900, interval: 5 })
    expect(code.user_code).toMatch(/^[B-DF-HJ-NP-TV-XZ]{4}-[B-DF-HJ-NP-TV-XZ]{4}$/)
    expect(forge.deviceLogin.find(code.user_code)).toMatchObject({
      client: 'Errand’s command line',
      scopes: ['repo'],
      address: '192.0.2.7',
    })
    expect(await poll(code.device_code)).toEqual({ error: 'authorization_pending' })
    await forge.deviceLogin.decide(code.user_code.toLowerCase().replace('-', ' '), caller, true)
    expect(forge.deviceLogin.find(code.user_code)).toBeUndefined()
    await forge.close()
    // The forge that gives the token is not the one that was asked.
    forge = await open()

    const answers = await Promise.all([1, 2, 3].map(() => poll(code.device_code)))

    const given = answers.filter((answer) => 'access_token' in answer)
    expect(given).toEqual([
      { access_token: expect.stringMatching(/^gho_/), token_type: 'bearer', scope: 'repo' },
    ])
    expect(await poll(code.device_code)).toEqual({ error: 'incorrect_device_code' })
    expect(await forge.authenticate(given[0]!.access_token)).toMatchObject({
      user: { login: 'ann' },
      token: { kind: 'oauth', scopes: ['repo'] },
    })
  })

  it('is told that it was not let in, once', async () => {
    const code = await begin()
    await forge.deviceLogin.decide(code.user_code, caller, false)

    expect(await poll(code.device_code)).toEqual({ error: 'access_denied' })
    expect(await poll(code.device_code)).toEqual({ error: 'incorrect_device_code' })
  })

  it('is told that its code is over, and nobody can let it in any more', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const code = await begin()
    pass(899)
    expect(forge.deviceLogin.find(code.user_code)).toBeDefined()
    pass(1)

    expect(forge.deviceLogin.find(code.user_code)).toBeUndefined()
    expect(await poll(code.device_code)).toEqual({ error: 'expired_token' })
    await expect(forge.deviceLogin.decide(code.user_code, caller, true)).rejects.toThrow(
      'Not Found',
    )
  })

  it('that asks too often has to wait five seconds more each time', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    const code = await begin()
    const answers = []
    for (const seconds of [0, 5, 2, 9, 10, 5]) {
      pass(seconds)
      answers.push(await poll(code.device_code))
    }

    const pending = { error: 'authorization_pending' }
    expect(answers).toEqual([
      pending,
      pending,
      { error: 'slow_down', interval: 10 },
      pending,
      pending,
      { error: 'slow_down', interval: 15 },
    ])
  })

  it('of a client nobody knows gets nothing', async () => {
    const asked = { clientId: 'constructor', scopes: [], address: '' }
    const code = await begin()

    expect(await forge.deviceLogin.begin(asked)).toBeUndefined()
    expect(await poll(code.device_code, 'constructor')).toEqual({
      error: 'incorrect_client_credentials',
    })
    expect(await poll('0'.repeat(40))).toEqual({ error: 'incorrect_device_code' })
  })
})

describe('a person', () => {
  it.each<[string, object, string[]]>([
    ['a scope of which their own token has not', { scopes: ['repo'] }, ['repo', 'admin:org']],
    ['private repositories for one of public ones', { scopes: ['public_repo'] }, ['repo']],
    ['anything by a token that makes none', { kind: 'oauth', scopes: ['repo'] }, ['repo']],
    ['anything by a fine-grained one', { kind: 'fine_grained' }, []],
  ])('cannot hand on %s', async (_, token, scopes) => {
    const code = await begin(scopes)
    const lesser = await callerOf(token)

    const refused = forge.deviceLogin.decide(code.user_code, lesser, true)

    await expect(refused).rejects.toBeInstanceOf(ErrandError)
    await expect(refused).rejects.toMatchObject({ errorName: 'forbidden' })
    expect(await poll(code.device_code)).toEqual({ error: 'authorization_pending' })
  })

  it('hands on a token that ends when their own does', async () => {
    const expires_at = new Date(Date.now() + 60_000).toISOString()
    const code = await begin()
    await forge.deviceLogin.decide(code.user_code, await callerOf({ expires_at }), true)

    const answer = await poll(code.device_code)

    const secret = 'access_token' in answer ? answer.access_token : ''
    expect((await forge.authenticate(secret))?.token.expires_at).toBe(expires_at)
  })

  it('has the first word only', async () => {
    const code = await begin()

    const decided = await Promise.allSettled(
      [false, true, true].map((isAllowed) =>
        forge.deviceLogin.decide(code.user_code, caller, isAllowed),
      ),
    )

    expect(decided.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(await poll(code.device_code)).toEqual({ error: 'access_denied' })
  })
})

describe('what is stored', () => {
  it('holds neither code', async () => {
    const code = await begin()
    const codes = join(folder, 'forge', 'device-codes')
    const files = await readdir(codes)
    const texts = await Promise.all(files.map((file) => readFile(join(codes, file), 'utf8')))

    expect(files).toHaveLength(1)
    for (const text of [...files, ...texts]) {
      expect(text).not.toContain(code.device_code)
      expect(text).not.toContain(code.user_code)
      expect(text).not.toContain(code.user_code.replace('-', ''))
    }
  })

  it('does not grow with whoever asks, and goes when it is over', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'] })
    for (let n = 0; n < 1000; n += 1) await begin()

    await expect(begin()).rejects.toMatchObject({ errorName: 'secondary_rate_limited' })
    pass(901)
    await begin()
    expect(await readdir(join(folder, 'forge', 'device-codes'))).toHaveLength(1)
  })
})

import { createHmac } from 'node:crypto'
import type { Caller, ErrandError } from '@errand/contract'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type ActionsIssuer, startActionsIssuer } from '../testing/actions-issuer.ts'
import { type ActionsLogin, createActionsLogin } from './actions-login.ts'

// The login of a workflow, and those who try to come in by it.

const audience = 'https://errand.test'
let issuer: ActionsIssuer
let login: ActionsLogin
let actors: { id: number; repository: string }[]

beforeEach(async () => {
  issuer = await startActionsIssuer(audience)
  actors = []
  login = open()
})
afterEach(() => issuer?.[Symbol.asyncDispose]())

function open(settings: { refs?: string[]; events?: string[] } = {}): ActionsLogin {
  const { refs = ['refs/heads/*', 'refs/tags/v1'], events = ['push'] } = settings
  return createActionsLogin({ issuer: issuer.url, audience, refs, events }, async (actor) => {
    actors.push(actor)
    const user = { id: actor.id, login: 'alice', type: 'User' } as const
    const token = { kind: 'user_to_server', hash: '', scopes: [], permissions: {} } as const
    const caller: Caller = {
      user,
      token: { ...token, scopes: [] },
      secret: 'of-the-service',
      isSiteAdmin: false,
      isOnBehalf: true,
    }
    return actor.id === 404 ? undefined : caller
  })
}

async function refusalOf(token: string, at = login): Promise<ErrandError> {
  const thrown = await at.authenticate(token).then(
    (caller) => caller,
    (error: unknown) => error,
  )
  // Whatever it is, the expectation after shows it.
  return thrown as ErrandError
}

/** The same token with another part, by no key. */
function changed(token: string, part: 0 | 1 | 2, value: object | string): string {
  const parts = token.split('.')
  parts[part] =
    typeof value === 'string' ? value : Buffer.from(JSON.stringify(value)).toString('base64url')
  return parts.join('.')
}

it('is its actor, for its repository alone, until it expires', async () => {
  const caller = await login.authenticate(await issuer.sign({ actor_id: '7' }))

  expect(actors).toEqual([{ id: 7, repository: 'acme/shop' }])
  expect(caller).toMatchObject({
    user: { id: 7 },
    isOnBehalf: true,
    onlyRepositoryId: 10,
    token: {
      expires_at: expect.stringMatching(/^2/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    },
  })
})

it('of an account that is gone is nobody', async () => {
  expect(await login.authenticate(await issuer.sign({ actor_id: '404' }))).toBeUndefined()
})

describe('a token is refused', () => {
  it.each([
    ['for another audience', { aud: 'https://other.test' }],
    ['for several that are not ours', { aud: ['https://other.test', `${audience}.evil.test`] }],
    ['for none', { aud: undefined }],
    ['of another issuer', { iss: 'https://token.actions.githubusercontent.com' }],
    ['of none', { iss: undefined }],
    ['that has expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['that never expires', { exp: undefined }],
    ['that is good later', { nbf: Math.floor(Date.now() / 1000) + 3600 }],
    ['from the future', { iat: Math.floor(Date.now() / 1000) + 600 }],
    ['of no time', { iat: undefined }],
    ['that is hours old', { iat: Math.floor(Date.now() / 1000) - 7200 }],
    ['without a repository', { repository_id: undefined }],
    ['of a repository that is no number', { repository_id: 'x' }],
    ['of a repository that no one has', { repository_id: '-10' }],
    ['without an actor', { actor_id: undefined }],
    ['without a ref', { ref: undefined }],
  ])('%s', async (_, claims) => {
    expect(await login.authenticate(await issuer.sign(claims))).toBeUndefined()
    expect(actors).toEqual([])
  })

  it('that is of no algorithm', async () => {
    const token = await issuer.sign()
    for (const alg of ['none', 'None', 'NONE', '']) {
      const unsigned = changed(changed(token, 0, { alg, typ: 'JWT' }), 2, '')
      expect(await login.authenticate(unsigned)).toBeUndefined()
    }
  })

  it('that is signed with the public key as if it were a shared secret', async () => {
    const token = await issuer.sign()
    const pem = await issuer.publicPem()
    for (const kid of ['key-1', undefined]) {
      const head = changed(token, 0, { alg: 'HS256', typ: 'JWT', ...(kid ? { kid } : {}) })
      const signed = head.split('.').slice(0, 2).join('.')
      const mac = createHmac('sha256', pem).update(signed).digest('base64url')
      expect(await login.authenticate(`${signed}.${mac}`)).toBeUndefined()
    }
  })

  it('whose claims were changed after it was signed', async () => {
    const token = await issuer.sign()
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())

    expect(
      await login.authenticate(changed(token, 1, { ...claims, repository_id: '11' })),
    ).toBeUndefined()
  })

  it('that brings a key of its own', async () => {
    await using stranger = await startActionsIssuer(audience)
    const token = await stranger.sign({ iss: issuer.url })

    expect(await login.authenticate(token)).toBeUndefined()
  })

  it.each(['eyJ.x.y', 'eyJhbGciOiJSUzI1NiJ9..', 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA'])(
    'that is none: %s',
    async (token) => {
      expect(await login.authenticate(token)).toBeUndefined()
    },
  )
})

describe('a workflow that may not log in', () => {
  it.each([
    ['refs/pull/1/merge', 'push', 'actions_oidc.refs'],
    ['refs/tags/v10', 'push', 'actions_oidc.refs'],
    ['heads/main', 'push', 'actions_oidc.refs'],
    ['refs/heads/main', 'pull_request_target', 'actions_oidc.events'],
  ])('is told by what setting: %s, %s', async (ref, event_name, setting) => {
    const refusal = await refusalOf(await issuer.sign({ ref, event_name }))

    expect([refusal.status, refusal.errorName]).toEqual([403, 'forbidden'])
    expect(refusal.message).toContain(setting)
    expect(actors).toEqual([])
  })

  it('may where the settings say so', async () => {
    const at = open({ refs: ['refs/pull/*'], events: ['pull_request'] })
    const token = await issuer.sign({ ref: 'refs/pull/1/merge', event_name: 'pull_request' })

    expect((await at.authenticate(token))?.onlyRepositoryId).toBe(10)
  })
})

describe("the issuer's keys", () => {
  it('are read once for many', async () => {
    const token = await issuer.sign()
    await Promise.all(Array.from({ length: 10 }, () => login.authenticate(token)))

    expect(issuer.reads()).toBe(1)
  })

  it('that nobody knows are looked for once, and then not again for a while', async () => {
    await login.authenticate(await issuer.sign())
    for (const kid of ['a', 'b', 'c', 'd']) {
      expect(await login.authenticate(await issuer.sign({}, { kid }))).toBeUndefined()
    }

    // Those just read are not read again within half a minute.
    expect(issuer.reads()).toBe(1)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 })
    try {
      for (const kid of ['a', 'b', 'c']) {
        expect(await login.authenticate(await issuer.sign({}, { kid }))).toBeUndefined()
      }
    } finally {
      vi.useRealTimers()
    }
    expect(issuer.reads()).toBe(2)
  })

  it('that were rotated away are good no more', async () => {
    const old = await issuer.sign()
    await issuer.rotate()

    expect(await login.authenticate(await issuer.sign())).toBeDefined()
    expect(await login.authenticate(old)).toBeUndefined()
  })

  it('that cannot be had are told as that, and not as a bad token', async () => {
    issuer.answerWith(500)
    const token = await issuer.sign()
    const refusal = await refusalOf(token)

    expect([refusal.status, refusal.errorName]).toEqual([502, 'bad_upstream'])
    issuer.answerWith(200)
    expect(await login.authenticate(token)).toBeDefined()
  })
})

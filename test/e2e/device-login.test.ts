import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Settings } from '@errand/contract'
import { createLog, startServer } from 'errand'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { eventually } from '../support/eventually.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { createTempFolder } from '../support/temp-folder.ts'

// Signing in a device, as GitHub's documentation and RFC 8628 have it, over HTTP.

let errand: Errand
let cookie: string
let formToken: string

const clientId = 'errand-cli'
const grantType = 'urn:ietf:params:oauth:grant-type:device_code'

beforeAll(async () => {
  errand = await startErrand({ settings: { runner: { enabled: false } } })
  ;({ cookie, formToken } = await signIn(errand.token))
})
afterAll(() => errand?.[Symbol.asyncDispose]())

function post(path: string, fields: object, headers: Record<string, string> = {}) {
  return fetch(`${errand.url}${path}`, {
    method: 'POST',
    redirect: 'manual',
    headers,
    body: new URLSearchParams({ ...fields }),
  })
}

async function signIn(token: string) {
  const answer = await post('/login', { token })
  const own = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  const page = await fetch(`${errand.url}/login/device`, { headers: { cookie: own } })
  const found = /name="form_token" value="([^"]+)"/.exec(await page.text())?.[1] ?? ''
  return { cookie: own, formToken: found }
}

async function json(path: string, fields: object): Promise<Record<string, unknown>> {
  const answer = await post(path, fields, { accept: 'application/json' })
  return (await answer.json()) as Record<string, unknown>
}

const begin = (scope = 'repo') => json('/login/device/code', { client_id: clientId, scope })
const poll = (deviceCode: unknown) =>
  json('/login/oauth/access_token', {
    client_id: clientId,
    device_code: deviceCode,
    grant_type: grantType,
  })
const decide = (userCode: unknown, decision: string, by = { cookie, formToken }) =>
  post(
    '/login/device/decision',
    { user_code: userCode, decision, form_token: by.formToken },
    { cookie: by.cookie },
  )

describe('a device', () => {
  it('gets a code, and a token when its person has let it in', async () => {
    const code = await begin()
    const page = await (
      await post(
        '/login/device',
        { user_code: code['user_code'], form_token: formToken },
        { cookie },
      )
    ).text()
    const done = await decide(code['user_code'], 'allow')
    const token = await poll(code['device_code'])

    expect(code).toEqual({
      device_code: expect.stringMatching(/^[0-9a-f]{40}$/),
      user_code: expect.stringMatching(/^[A-Z]{4}-[A-Z]{4}$/),
      verification_uri: `${errand.url}/login/device`,
      expires_in: 900,
      interval: 5,
    })
    expect(page).toContain('Errand’s command line')
    expect(page).toContain('127.0.0.1')
    expect(page).toContain('<code>repo</code>')
    expect(done.status).toBe(200)
    expect(token).toEqual({
      access_token: expect.stringMatching(/^gho_/),
      token_type: 'bearer',
      scope: 'repo',
    })
    const user = await errand.clientOf(String(token['access_token'])).request('GET', '/user')
    expect(((await user.json()) as { login: string }).login).toBe('owner')
    expect(await poll(code['device_code'])).toMatchObject({ error: 'incorrect_device_code' })
  })

  it('is answered in a form where it does not ask for JSON, and may send JSON', async () => {
    const form = await post('/login/device/code', { client_id: clientId })
    const sent = await fetch(`${errand.url}/login/oauth/access_token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ client_id: clientId, device_code: 'x', grant_type: grantType }),
    })
    const inQuery = await fetch(`${errand.url}/login/device/code?client_id=${clientId}`, {
      method: 'POST',
      headers: { 'content-type': 'text/strange' },
      body: 'strange',
    })

    expect(form.headers.get('content-type')).toMatch(/^application\/x-www-form-urlencoded/)
    expect(form.headers.get('cache-control')).toBe('no-store')
    expect(new URLSearchParams(await form.text()).get('user_code')).toMatch(/^\w{4}-\w{4}$/)
    expect(new URLSearchParams(await sent.text()).get('error')).toBe('incorrect_device_code')
    expect(inQuery.status).toBe(200)
  })

  it.each([
    [{ grant_type: 'password' }, 'unsupported_grant_type'],
    [{ client_id: 'other' }, 'incorrect_client_credentials'],
    [{ device_code: '0'.repeat(40) }, 'incorrect_device_code'],
  ])('that sends %j is told %s', async (fields, error) => {
    const { device_code } = await begin()

    const sent = { client_id: clientId, device_code, grant_type: grantType, ...fields }
    const answer = await json('/login/oauth/access_token', sent)

    expect(answer['error']).toBe(error)
  })

  it('of an unknown client has no code', async () => {
    const answer = await post('/login/device/code', { client_id: 'other' })

    expect(answer.status).toBe(404)
  })

  it('is told that it was refused', async () => {
    const code = await begin()
    await decide(code['user_code'], 'deny')

    expect(await poll(code['device_code'])).toMatchObject({ error: 'access_denied' })
  })
})

describe('the page', () => {
  it('needs somebody who is signed in, and a form of theirs', async () => {
    const code = await begin()
    const fields = { user_code: code['user_code'], decision: 'allow' }
    const other = await signIn(errand.token)

    const away = await fetch(`${errand.url}/login/device`, { redirect: 'manual' })
    const refused = await Promise.all([
      post('/login/device/decision', { ...fields, form_token: formToken }),
      post('/login/device/decision', fields, { cookie }),
      post('/login/device/decision', { ...fields, form_token: other.formToken }, { cookie }),
      post(
        '/login/device/decision',
        { ...fields, form_token: formToken },
        { cookie, 'sec-fetch-site': 'cross-site' },
      ),
      post('/login/device', fields, { cookie }),
    ])

    expect([away.status, away.headers.get('location')]).toEqual([
      303,
      '/login?return_to=%2Flogin%2Fdevice',
    ])
    expect(refused.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403])
    expect(await poll(code['device_code'])).toMatchObject({
      error: 'authorization_pending',
      error_description: expect.any(String),
      error_uri: expect.stringContaining('docs.github.com'),
    })
  })

  it('hands on nothing that the token of the person has not', async () => {
    const user = await errand.forge.createUser({ login: 'lesser' })
    const make = (token: object) => errand.forge.createToken({ user, kind: 'classic', ...token })
    const tokens = [
      await make({ scopes: ['public_repo'] }),
      await make({ kind: 'oauth', scopes: ['repo'] }),
      await make({ kind: 'fine_grained', permissions: { agent_tasks: 'write' } }),
    ]
    const code = await begin()

    for (const token of tokens) {
      const answer = await decide(code['user_code'], 'allow', await signIn(token))
      expect(answer.status).toBe(403)
    }
    expect(await poll(code['device_code'])).toMatchObject({ error: 'authorization_pending' })
  })

  it('lets nobody guess, by whatever form', async () => {
    const user = await errand.forge.createUser({ login: 'guesser' })
    const by = await signIn(await errand.forge.createToken({ user, kind: 'classic' }))
    const statuses = []
    for (let n = 0; n < 12; n += 1) {
      const fields = { user_code: `BCDF-GHJ${n}`, form_token: by.formToken }
      const path = n % 2 === 0 ? '/login/device' : '/login/device/decision'
      statuses.push((await post(path, fields, { cookie: by.cookie })).status)
    }
    const code = await begin()
    const right = await decide(code['user_code'], 'allow', by)
    const ofOther = await decide(code['user_code'], 'allow')

    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 422), 429, 429])
    expect([right.status, ofOther.status]).toEqual([429, 200])
  })

  it('shows a code that is markup as text', async () => {
    const markup = '"><script>alert(1)</script>'
    const answer = await post(
      '/login/device',
      { user_code: markup, form_token: formToken },
      { cookie },
    )

    expect(answer.status).toBe(422)
    expect(await answer.text()).not.toContain('<script>alert')
  })
})

it('a command signs in to an Errand that works on this one’s forge', async () => {
  await using folder = await createTempFolder('elsewhere')
  const log = createLog('error', { write() {}, isInteractive: false, paint: (_, text) => text })
  const data = join(folder.path, 'data')
  const settings = { port: 0, data, forge: errand.url, runner: { enabled: false } }
  const elsewhere = await startServer(Settings.parse(settings), {}, log)
  const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))
  const child = spawn(process.execPath, [program, 'login', elsewhere.url, '--web'], {
    env: { ...baseEnvironment, HOME: folder.path },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  try {
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()))
    const exited = once(child, 'exit')
    const userCode = await eventually(() => {
      const [, code] = /enter the code (\S+)\.\n/.exec(said) ?? []
      if (code === undefined) throw new Error(said)
      return code
    })

    await decide(userCode, 'allow')
    const [code] = (await exited) as [number]

    expect(said).toContain(`The tokens of ${elsewhere.url} are those of ${errand.url}.`)
    expect(said).toContain(`Open ${errand.url}/login/device`)
    expect(said).toContain(`Signed in to ${elsewhere.url} as owner.`)
    expect(code).toBe(0)
  } finally {
    child.kill('SIGKILL')
    await elsewhere.close()
  }
})

it('codes are not given out without measure', async () => {
  const statuses = []
  for (let n = 0; n < 30; n += 1) {
    statuses.push((await post('/login/device/code', { client_id: clientId })).status)
  }

  expect(statuses).toContain(429)
})

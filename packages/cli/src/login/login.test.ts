import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readHosts } from '../client/hosts-file.ts'
import { webUrlOf } from '../client/web-url.ts'
import { openFakeServer } from '../testing/fake-server.ts'
import { runCli } from '../testing/run-cli.ts'

const home = mkdtempSync(join(tmpdir(), 'errand-login-'))
afterAll(() => rmSync(home, { recursive: true }))
const environment = { HOME: home }

const code = {
  device_code: 'd'.repeat(40),
  user_code: 'BCDF-GHJK',
  verification_uri: 'http://forge.example/login/device',
  expires_in: 900,
  // What is tried is not how long it waits.
  interval: 0,
}
const granted = { access_token: 'gho_granted', token_type: 'bearer', scope: 'repo' }

/** A server that answers polls one after the other, and then the same for ever. */
function serverOf(polls: object[], begun: unknown = code) {
  return openFakeServer({
    'POST /login/device/code': begun,
    'POST /login/oauth/access_token': () => (polls.length > 1 ? polls.shift() : polls[0]),
    'GET /user': { login: 'me' },
  })
}

/** An Errand whose forge is elsewhere. */
async function serverElsewhere(forge: string | (() => string)) {
  const server = createServer((request, response) => {
    const where = typeof forge === 'string' ? forge : forge()
    if (request.url === '/agents/models') response.end(JSON.stringify({ models: [] }))
    else response.writeHead(404).end(JSON.stringify({ error: 'Not Found', forge: where }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

describe('login --web', () => {
  it('shows the code, waits until it is entered, and keeps the token', async () => {
    const pending = { error: 'authorization_pending', error_description: '…' }
    const slowDown = { error: 'slow_down', interval: 0.01 }
    await using server = await serverOf([pending, slowDown, pending, granted])

    const { err, out, code: exit } = await runCli(['login', server.url, '--web'], { environment })

    expect([exit, out]).toEqual([0, ''])
    expect(err).toContain('Open http://forge.example/login/device and enter the code BCDF-GHJK.')
    expect(err).toContain(`Signed in to ${server.url} as me.`)
    expect(err).not.toContain('gho_granted')
    expect(readHosts(environment).hosts[server.url]?.token).toBe('gho_granted')
    const [begun, poll] = server.asked
    expect(begun?.body).toBe('client_id=errand-cli&scope=repo')
    expect(Object.fromEntries(new URLSearchParams(String(poll?.body)))).toEqual({
      client_id: 'errand-cli',
      device_code: code.device_code,
      grant_type: 'urn:ietf:params:oauth:grant-type:device_code',
    })
  })

  it.each([
    [{ error: 'access_denied' }, 'It was refused on the page'],
    [{ error: 'expired_token' }, 'The code was not entered in time.'],
    [{ error: 'device_flow_disabled' }, 'does not have the device flow'],
    [{ error: '\u001b[2J' }, 'The server answered ^[[2J.'],
    [{}, 'The server answered nothing.'],
  ])('tells of %j, and keeps nothing', async (answer, message) => {
    const own = { HOME: mkdtempSync(join(home, 'refused-')) }
    await using server = await serverOf([answer])

    const { err, code: exit } = await runCli(['login', server.url, '--web'], { environment: own })

    expect([exit, err]).toEqual([1, expect.stringContaining(message)])
    expect(readHosts(own)).toEqual({ hosts: {} })
  })

  it('ends with the code, also where nobody says so', async () => {
    await using server = await serverOf([{ error: 'authorization_pending' }], {
      ...code,
      expires_in: 0.05,
    })

    const { err } = await runCli(['login', server.url, '--web'], { environment })

    expect(err).toContain('The code was not entered in time.')
  })

  it.each([
    ['no JSON', '<html>'],
    ['a page of no web', { ...code, verification_uri: 'javascript:alert(1)' }],
    ['no code', { ...code, user_code: undefined }],
  ])('takes %s for what it is', async (_, begun) => {
    await using server = await serverOf([granted], begun)

    const { err, code: exit } = await runCli(['login', server.url, '--web'], { environment })

    expect([exit, err]).toEqual([1, expect.stringContaining('did not answer as expected')])
  })

  it('asks as the OAuth app it is given, with the scopes it is given', async () => {
    await using server = await serverOf([granted])
    const args = ['--web', '--client-id', 'Ov23li', '--scopes', 'repo, gist']

    await runCli(['login', server.url, ...args], { environment })
    await runCli(['login', server.url, '--web', '--client-id', 'Ov23li'], { environment })

    const asked = server.asked.filter(({ path }) => path === '/login/device/code')
    expect(asked.map(({ body }) => body)).toEqual([
      'client_id=Ov23li&scope=repo+gist',
      'client_id=Ov23li&scope=repo+read%3Aorg+workflow',
    ])
  })

  it('asks as the OAuth app of the environment where Errand’s own is not known', async () => {
    let times = 0
    await using server = await openFakeServer({
      'POST /login/device/code': () => (++times === 1 ? 404 : code),
      'POST /login/oauth/access_token': granted,
      'GET /user': { login: 'me' },
    })
    const own = { ...environment, ERRAND_GITHUB_CLIENT_ID: 'Ov23li' }

    const { code: exit } = await runCli(['login', server.url, '--web'], { environment: own })

    expect(exit).toBe(0)
    expect(server.asked.map(({ body }) => String(body).split('&')[0])).toEqual([
      'client_id=errand-cli',
      'client_id=Ov23li',
      'client_id=Ov23li',
      'undefined',
    ])
  })

  it.each([
    ['https://github.com', []],
    ['https://api.github.com', []],
  ])('says what is needed for %s', async (url, args) => {
    const { err, code: exit } = await runCli(['login', url, '--web', ...args], { environment })

    expect(exit).toBe(1)
    expect(err).toContain('an OAuth app is needed')
    expect(err).toContain('--client-id or ERRAND_GITHUB_CLIENT_ID')
  })

  it('asks the forge where a server’s tokens are another’s', async () => {
    await using forge = await serverOf([granted])
    await using told = await serverElsewhere(forge.url)
    const args = ['--web', '--client-id', 'Ov23li']

    const { err, code: exit } = await runCli(['login', told.url, ...args], { environment })

    expect(exit).toBe(0)
    expect(err).toContain(`The tokens of ${told.url} are those of ${forge.url}.`)
    expect(err).toContain(`Signed in to ${told.url}. Kept in`)
    expect(readHosts(environment).hosts[told.url]).toEqual({ token: 'gho_granted', login: '' })
  })

  it('goes in no circle', async () => {
    let url = ''
    await using server = await serverElsewhere(() => url)
    url = server.url

    const { err } = await runCli(['login', server.url, '--web'], { environment })

    expect(err.split('The tokens of')).toHaveLength(2)
    expect(err).toContain('an OAuth app is needed')
  })

  it('says that a client id is not known', async () => {
    await using server = await openFakeServer({})

    const { err } = await runCli(['login', server.url, '--web', '--client-id', 'x'], {
      environment,
    })

    expect(err).toContain(`${server.url} does not know this client id.`)
  })

  it('is what --client-id and --scopes go with', async () => {
    const { err } = await runCli(['login', 'http://127.0.0.1:1', '--scopes', 'repo'], {
      environment,
    })

    expect(err).toContain('--client-id and --scopes go with --web.')
  })
})

it.each([
  ['https://api.github.com', 'https://github.com'],
  ['https://ghe.example.com/api/v3', 'https://ghe.example.com'],
  ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
  ['http://127.0.0.1:4000/api/v3/', 'http://127.0.0.1:4000'],
])('the pages of %s are at %s', (api, web) => {
  expect(webUrlOf(api)).toBe(web)
})

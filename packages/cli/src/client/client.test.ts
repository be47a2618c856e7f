import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openFakeServer } from '../testing/fake-server.ts'
import { runCli } from '../testing/run-cli.ts'
import { findConnection, normalizeUrl } from './connection.ts'
import { parseRemote, parseRepository } from './git-remote.ts'
import { hostsFilePath, readHosts } from './hosts-file.ts'

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-home-'))
})
afterEach(() => rmSync(home, { recursive: true }))

it.each([
  ['https://github.com/me/shop.git', 'me/shop'],
  ['https://github.com/me/shop', 'me/shop'],
  ['https://token@github.com/me/shop.git', 'me/shop'],
  ['http://127.0.0.1:4000/me/shop.git/', 'me/shop'],
  ['git@github.com:me/shop.git', 'me/shop'],
  ['ssh://git@host:2222/me/shop.git', 'me/shop'],
  ['git@host:group/sub/my.shop', 'sub/my.shop'],
  ['/srv/git/me/shop.git', undefined],
  ['../shop', undefined],
  ['https://host/shop', undefined],
])('the remote %s is %s', (remote, name) => {
  const parsed = parseRemote(remote)

  expect(parsed && `${parsed.owner}/${parsed.repo}`).toBe(name)
})

it.each(['shop', 'a/b/c', 'me/', '/shop', '-x/y', 'a b/c', 'me/sh;op'])(
  '%j is no repository',
  (text) => {
    expect(() => parseRepository(text)).toThrow('is not a repository')
  },
)

it.each([
  ['github.com', 'https://api.github.com'],
  ['https://github.com/', 'https://api.github.com'],
  ['https://ghe.example.com/api/v3/', 'https://ghe.example.com/api/v3'],
  ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
])('the server %s has its API at %s', (text, url) => {
  expect(normalizeUrl(text)).toBe(url)
})

describe('the connection', () => {
  function serverHere(url: string, pid = process.pid): void {
    mkdirSync(join(home, 'work', '.errand'), { recursive: true })
    mkdirSync(join(home, 'work', 'deep'), { recursive: true })
    writeFileSync(join(home, 'work', '.errand', 'server.json'), JSON.stringify({ url, pid }))
    mkdirSync(join(home, 'work', '.errand', 'secrets'), { recursive: true })
    writeFileSync(join(home, 'work', '.errand', 'secrets', 'owner-token'), 'ghp_local\n')
  }
  const find = (environment = {}, cwd = home) =>
    findConnection({ environment: { HOME: home, ...environment }, cwd })

  it('is what the environment says', () => {
    const environment = { ERRAND_URL: 'http://a', ERRAND_TOKEN: 't' }

    expect(find(environment)).toEqual({ url: 'http://a', token: 't' })
  })

  it('is the server that runs in this folder or in one above', () => {
    serverHere('http://127.0.0.1:4321')

    expect(find({}, join(home, 'work', 'deep'))).toEqual({
      url: 'http://127.0.0.1:4321',
      token: 'ghp_local',
    })
  })

  it('is not a server that has stopped', () => {
    // The highest pid Linux gives is 2^22.
    serverHere('http://127.0.0.1:4321', 2 ** 22 + 1)

    expect(() => find({}, join(home, 'work'))).toThrow('No server is known.')
  })

  it('does not send a token where a downloaded folder says', () => {
    serverHere('http://evil.example.com')

    expect(() => find({ ERRAND_TOKEN: 'secret' }, join(home, 'work'))).toThrow(
      'No server is known.',
    )
  })

  it('has no token for a server it does not know', () => {
    serverHere('http://127.0.0.1:4321')

    const finding = (): unknown => find({ ERRAND_URL: 'http://other' }, join(home, 'work'))

    expect(finding).toThrow('You are not signed in to http://other.')
  })
})

describe('login', () => {
  it('keeps the token for its owner alone, and logout forgets it', async () => {
    await using server = await openFakeServer({
      'GET /user': { login: 'me' },
      'GET /agents/tasks': { tasks: [] },
    })
    const environment = { HOME: home }

    const login = await runCli(['login', server.url], { environment, input: 'ghp_secret\n' })
    const list = await runCli(['list'], { environment })

    expect([login.code, list.code]).toEqual([0, 0])
    expect(login.err).toContain(`Signed in to ${server.url} as me.`)
    expect(login.err + login.out).not.toContain('ghp_secret')
    expect(server.asked.map(({ token }) => token)).toEqual(['ghp_secret', 'ghp_secret'])
    expect(statSync(hostsFilePath(environment)).mode & 0o777).toBe(0o600)
    expect((await runCli(['logout'], { environment })).code).toBe(0)
    expect(readHosts(environment)).toEqual({ hosts: {} })
    expect((await runCli(['list'], { environment })).code).toBe(4)
  })

  it('asks for the token on a terminal', async () => {
    await using server = await openFakeServer({ 'GET /user': { login: 'me' } })

    const { err } = await runCli(['login', server.url], { answers: ['ghp_typed'] })

    expect(err).toContain(`Token for ${server.url}: `)
    expect(server.asked[0]?.token).toBe('ghp_typed')
  })

  it('keeps nothing that the server refuses', async () => {
    await using server = await openFakeServer({ 'GET /user': 401 })
    const environment = { HOME: home }

    const { code } = await runCli(['login', server.url], { environment, input: 'wrong' })

    expect(code).toBe(4)
    expect(readHosts(environment)).toEqual({ hosts: {} })
  })
})

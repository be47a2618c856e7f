import { connect as connectTls } from 'node:tls'
import { connect } from 'node:net'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'

import { openTestFirewall } from './testing/open-test-firewall.ts'

describe('a domain on the allowlist', () => {
  it('is reached by TLS, its subdomains too, and what passes is the client’s own', async () => {
    await using site = await openTestFirewall(['contoso.test'])
    const ca = site.authority.certificate

    const answers = [
      await site.get('contoso.test', '/a?b=c', { ca }),
      await site.get('api.contoso.test', '/d', { ca }),
    ]

    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, 'seen /a?b=c'],
      [200, 'seen /d'],
    ])
    expect(site.blocked).toEqual([])
  })

  it('is reached without TLS', async () => {
    await using site = await openTestFirewall(['contoso.test'])

    const answer = await site.plain('http://contoso.test:HTTP/a?b')

    expect(answer).toMatchObject({ status: 200, body: 'seen /a?b' })
  })

  it.each([
    'evilcontoso.test',
    'contoso.test.evil.test',
    'contoso.testevil',
    'test',
    'xn--contso-jua.test',
  ])('does not let %s pass', async (host) => {
    await using site = await openTestFirewall(['contoso.test'])

    const refused = site.get(host, '/').catch((error: unknown) => String(error))

    expect(await refused).toContain(`403 Blocked by the firewall: ${host}`)
    expect((await site.plain(`http://${host}:HTTP/`)).status).toBe(403)
    expect(site.blocked).toMatchObject([
      { host, rule: 'not_allowed', scheme: 'https' },
      { host, rule: 'not_allowed', scheme: 'http', path: '/' },
    ])
    expect(site.seen).toEqual([])
  })
})

describe('a tunnel', () => {
  it('carries nothing but TLS', async () => {
    await using site = await openTestFirewall(['contoso.test'])
    const socket = await site.tunnel('contoso.test:HTTP')

    socket.write('GET /secret HTTP/1.1\r\nhost: contoso.test\r\n\r\n')

    expect(await text(socket).catch(() => '')).toBe('')
    expect(site.seen).toEqual([])
    expect(site.blocked).toMatchObject([{ rule: 'not_tls' }])
  })

  it('leads to no other server than it was opened to', async () => {
    await using site = await openTestFirewall(['contoso.test'])

    const failed = await site
      .get('contoso.test', '/', { serverName: 'evil.test' })
      .catch((error: unknown) => error)

    expect(failed).toBeInstanceOf(Error)
    expect(site.seen).toEqual([])
    expect(site.blocked).toMatchObject([{ rule: 'other_server', host: 'contoso.test' }])
  })

  it('needs the name of the server also where a client would leave it out', async () => {
    await using site = await openTestFirewall(['contoso.test'])
    const socket = await site.tunnel('contoso.test:HTTPS')

    const secured = connectTls({ socket, rejectUnauthorized: false })
    await once(secured, 'close').catch(() => undefined)

    expect(site.blocked).toMatchObject([{ rule: 'other_server' }])
  })

  it('is opened to no name that is private to the runner, nor to such an address', async () => {
    await using site = await openTestFirewall(['contoso.test', '127.0.0.1', '169.254.169.254'], {
      mayReach: (address) => address === '198.51.100.7',
    })

    const results = [
      await site.get('contoso.test', '/').catch(String),
      await site.tunnel('127.0.0.1:HTTPS').catch(String),
      await site.tunnel('169.254.169.254:80').catch(String),
      (await site.plain('http://169.254.169.254/latest/meta-data/')).body,
      (await site.plain('http://contoso.test:HTTP/')).body,
    ]

    for (const result of results) expect(result).toContain('is a private or reserved address')
    expect(site.blocked.map(({ rule }) => rule)).toEqual(Array(5).fill('private_address'))
    expect(site.seen).toEqual([])
  })

  it.each([
    'contoso.test',
    'contoso.test:',
    'http://contoso.test:80',
    'contoso.test:99999',
    '@x:1',
    '',
  ])('is not opened to %j', async (target) => {
    await using site = await openTestFirewall(['contoso.test'])

    const refused = await site.tunnel(target).catch(String)

    expect(refused).toContain('400')
  })
})

describe('a URL on the allowlist', () => {
  const entries = ['https://contoso.test:HTTPS/project-1/', 'http://contoso.test:HTTP/open']

  it('is reached with its path and below, read on the way', async () => {
    await using site = await openTestFirewall(entries)

    const answers = [
      await site.get('contoso.test', '/project-1/x?y', { ca: site.firewall.certificate }),
      await site.get('contoso.test', '/project-1/', { ca: site.firewall.certificate }),
      await site.plain('http://contoso.test:HTTP/open/a'),
    ]

    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, 'seen /project-1/x?y'],
      [200, 'seen /project-1/'],
      [200, 'seen /open/a'],
    ])
  })

  it.each([
    '/',
    '/project-2/',
    '/project-1x',
    '/project-1/../secret',
    '/project-1/%2e%2e/secret',
    '/project-1/.%2E/secret',
    '/project-1/%252e%252e/secret',
    '/project-1/..%2fsecret',
    '/project-1/..%5csecret',
    '/project-1\\..\\secret',
    '/project-1/..;/secret',
    '//project-1/',
    '/PROJECT-1/',
  ])('does not let %s pass', async (path) => {
    await using site = await openTestFirewall(entries)

    const answer = await site.get('contoso.test', path)

    expect(answer.status).toBe(403)
    expect(answer.body).toContain('Blocked by the firewall')
    expect(site.seen).toEqual([])
    expect(site.blocked).toMatchObject([{ host: 'contoso.test', rule: 'not_allowed' }])
  })

  it('is of its scheme, its port and its host alone', async () => {
    await using site = await openTestFirewall(entries)

    const answers = [
      (await site.plain('http://contoso.test:HTTP/project-1/')).status,
      await site.get('api.contoso.test', '/project-1/').catch(String),
      await site.tunnel('contoso.test:HTTP').catch(String),
    ]

    expect(answers[0]).toBe(403)
    expect(answers.slice(1)).toEqual([
      expect.stringContaining('403'),
      expect.stringContaining('403'),
    ])
    expect(site.seen).toEqual([])
  })

  it('lets nobody ask that server for another one', async () => {
    await using site = await openTestFirewall(entries)

    const answer = await site.get('contoso.test', '/project-1/', { hostHeader: 'evil.test' })

    expect(answer.status).toBe(400)
    expect(site.seen).toEqual([])
  })

  it('passes redirects on without following them', async () => {
    await using site = await openTestFirewall(entries, {
      serve: (_, response) => response.writeHead(302, { location: 'https://evil.test/' }).end(),
    })

    const answer = await site.get('contoso.test', '/project-1/')

    expect(answer).toMatchObject({ status: 302, headers: { location: 'https://evil.test/' } })
    expect(site.seen).toHaveLength(1)
  })
})

it('tells who tried, as the forwarder in the box says, and takes no more of it than a line', async () => {
  await using site = await openTestFirewall([])
  const socket = connect(site.firewall.socketPath)

  socket.write(
    `{"command":"curl evil.test"}\nGET http://evil.test/x HTTP/1.1\r\nhost: evil.test\r\n\r\n`,
  )
  const answer = await text(socket)
  const flood = connect(site.firewall.socketPath)
  flood.on('error', () => undefined)
  flood.write(`{"command":"${'x'.repeat(100_000)}`)
  await new Promise((resolve) => flood.once('close', resolve))

  expect(answer).toContain('403')
  expect(site.blocked).toMatchObject([{ host: 'evil.test', process: 'curl evil.test' }])
})

it('lets pass what it would block and tells of it, in report only', async () => {
  await using site = await openTestFirewall(['https://contoso.test:HTTPS/a/'], {
    isReportOnly: true,
  })

  const answers = [
    await site.get('evil.test', '/', { ca: site.authority.certificate }),
    await site.get('contoso.test', '/b', { ca: site.firewall.certificate }),
    await site.plain('http://evil.test:HTTP/'),
  ]

  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
  expect(site.blocked.map(({ host, isReportOnly }) => [host, isReportOnly])).toEqual([
    ['evil.test', true],
    ['contoso.test', true],
    ['evil.test', true],
  ])
})

it('lets everything pass when it is switched off, but private addresses', async () => {
  await using site = await openTestFirewall([], { isEnabled: false })
  await using guarded = await openTestFirewall([], { isEnabled: false, mayReach: () => false })

  expect((await site.get('evil.test', '/')).status).toBe(200)
  expect(await guarded.get('evil.test', '/').catch(String)).toContain('403')
})

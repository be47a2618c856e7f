import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { type BoxedProcess, firewallPort, gatewayPort } from '../box/index.ts'
import { openTestBox, type TestBox } from '../box/testing/open-test-box.ts'
import { type Localhost, localhostPort, openLocalhost } from './open-localhost.ts'

let folder: string
let localhost: Localhost
/** With the servers. */
let served: TestBox
/** That is to reach them. */
let other: TestBox
let agent: BoxedProcess

/** Answers with what it is sent, and by a second address with what it is. */
const servers = `
const { createServer } = require('node:http')
createServer((request, response) => request.pipe(response)).listen(3000, '127.0.0.1')
createServer((request, response) => response.end('by IPv6')).listen(3001, '::1')
createServer((request, response) => response.end('the way out')).listen(4011, '127.0.0.1', () => console.log('up'))
`

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-localhost-'))
  localhost = await openLocalhost({ runDir: folder, attempt: 1 })
  served = await openTestBox({ wayIn: localhost.wayIn })
  other = await openTestBox({ forwards: [localhost.forward] })
  agent = await served.box.spawnAgent('node', ['-e', servers], {})
  agent.stderr.resume()
  await new Promise((resolve) => agent.stdout.once('data', resolve))
})
afterAll(async () => {
  await served?.[Symbol.asyncDispose]()
  await other?.[Symbol.asyncDispose]()
  await localhost?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

/** The reply of the proxy, as curl tells it. */
const refused = '(5)'
const notAllowed = '(2)'

/** What curl says in the other sandbox, which has no other way to anything. */
async function reach(url: string, more = ''): Promise<string> {
  const proxy = `socks5h://127.0.0.1:${localhostPort}`
  const script = `curl -sS -m 20 --noproxy '' -x ${proxy} ${more} '${url}' 2>&1`
  const { stdout } = await other.sh(script, { forwards: [localhost.forward] })
  return stdout
}

it.each(['localhost:3000', '127.0.0.1:3000', 'shop.localhost:3000'])(
  'leads to what the agent serves as %s',
  async (address) => {
    expect(await reach(`http://${address}/`, '-d hello')).toBe('hello')
  },
)

it('leads to what listens by IPv6 alone', async () => {
  expect(await reach('http://localhost:3001/')).toBe('by IPv6')
  expect(await reach('http://[::1]:3001/')).toBe('by IPv6')
})

it('carries what is large both ways, and many at a time', async () => {
  const script = `head -c 2000000 /dev/zero > big; for at in $(seq 20); do
    curl -sS -m 50 --noproxy '' -x socks5h://127.0.0.1:${localhostPort} \
      --data-binary @big http://localhost:3000/ | wc -c & done; wait`

  const { stdout } = await other.sh(script, { forwards: [localhost.forward] })

  expect(stdout.trim().split('\n')).toEqual(Array.from({ length: 20 }, () => '2000000'))
})

it('says at once that nothing listens', async () => {
  expect(await reach('http://localhost:3999/')).toContain(refused)
})

it.each([
  'example.com',
  'localhost.example.com',
  'notlocalhost',
  '0.0.0.0:3000',
  '10.0.0.1',
  '169.254.169.254',
  '[::ffff:10.0.0.1]',
  '[fe80::1]',
])('leads to no other host, like %s', async (host) => {
  expect(await reach(`http://${host}/`, '-d hello')).toContain(notAllowed)
})

it('does not lead to the ways out of the agent', async () => {
  for (const port of [gatewayPort, firewallPort]) {
    expect(await reach(`http://localhost:${port}/`)).toContain(notAllowed)
  }
})

it('is not there for what else runs in the agent’s box, and the agent’s network is its own', async () => {
  const script = `ls /run/errand 2>&1; curl -sS -m 5 http://127.0.0.1:3000/ 2>&1; true`

  const beside = await served.sh(script)
  const from = await other.sh(script, { forwards: [localhost.forward] })

  expect(beside.stdout).not.toContain('in.sock')
  expect(beside.stdout + from.stdout).not.toContain('hello')
  expect(from.stdout).toMatch(/(Failed|Could not) to connect/i)
})

it('goes on whatever is said to it, from either side', async () => {
  const junk = `
    const { connect } = require('node:net')
    const [path, port] = process.argv.slice(1)
    for (let at = 0; at < 300; at += 1) {
      const socket = path === '' ? connect(Number(port), '127.0.0.1') : connect(path)
      socket.on('error', () => {}).on('connect', () => socket.write(Buffer.alloc(at, at)))
    }
    setTimeout(() => process.exit(), 1000)`
  const { forward, wayIn } = localhost
  await other.box.run('node', ['-e', junk, '', String(localhostPort)], {
    timeoutMs: 20_000,
    maxOutputBytes: 1000,
    forwards: [forward],
  })
  // As the agent could, who sees that socket too.
  const lines = Array.from({ length: 300 }, () => connect(wayIn).on('error', () => undefined))
  for (const line of lines) line.write('-'.repeat(1000))
  await Promise.all(lines.map((line) => once(line, 'close')))

  expect(await reach('http://localhost:3000/', '-d hello')).toBe('hello')
})

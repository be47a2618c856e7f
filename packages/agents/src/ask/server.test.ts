import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { builtinPrograms } from '../index.ts'

const { askServerEntry, nodeArguments } = builtinPrograms

let gateway: Server
let url: string
let status: number
let posted: unknown[]

beforeEach(async () => {
  status = 202
  posted = []
  gateway = createServer((request, response) => {
    void json(request).then((body) => {
      posted.push({ method: request.method, path: request.url, body })
      response.writeHead(status).end()
    })
  }).listen(0, '127.0.0.1')
  await once(gateway, 'listening')
  url = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}/s/token/questions`
})
afterEach(() => void gateway.close())

async function connect(): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' })
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [...nodeArguments, askServerEntry],
    env: { ERRAND_QUESTIONS_URL: url },
  })
  await client.connect(transport)
  return client
}

async function call(name: string, args: Record<string, unknown>) {
  const client = await connect()
  try {
    return await client.callTool({ name, arguments: args })
  } finally {
    await client.close()
  }
}

const ask = (args: Record<string, unknown>) => call('pose_question', args)

describe('the ask server', () => {
  it('has three tools, and none by a name that agents drop or have themselves', async () => {
    const client = await connect()

    const { tools } = await client.listTools()
    await client.close()

    expect(tools.map(({ name }) => name)).toEqual(['pose_question', 'note_progress', 'set_plan'])
    expect(tools[0]?.inputSchema.required).toEqual(['message'])
  })

  it('hands the question on, and tells the agent to end its turn', async () => {
    const result = await ask({ message: 'Which colour?', options: ['red', 'blue'] })

    expect(posted).toEqual([
      {
        method: 'POST',
        path: '/s/token/questions',
        body: { message: 'Which colour?\n\n- red\n- blue' },
      },
    ])
    expect(result.isError).not.toBe(true)
    expect(JSON.stringify(result.content)).toContain('End your turn now')
  })

  it.each([404, 409, 500])('says so when the gateway answers %i', async (code) => {
    status = code

    const result = await ask({ message: 'Which colour?' })

    expect(result.isError).toBe(true)
    expect(JSON.stringify(result.content)).toContain('Decide yourself')
  })

  it('says so when there is no gateway', async () => {
    gateway.close()
    await once(gateway, 'close')

    const result = await ask({ message: 'Which colour?' })

    expect(result.isError).toBe(true)
  })

  it('does not take a question without words', async () => {
    const result = await ask({ message: '' })

    expect(result.isError).toBe(true)
    expect(posted).toEqual([])
  })

  it.each([
    ['note_progress', '/s/token/progress', { message: 'The tests pass.' }],
    ['set_plan', '/s/token/plan', { entries: [{ content: 'Look', status: 'in_progress' }] }],
  ])('hands on what %s tells', async (name, path, told) => {
    const result = await call(name, told)

    expect(posted).toEqual([{ method: 'POST', path, body: told }])
    expect(result.isError).not.toBe(true)
  })

  it.each(['note_progress', 'set_plan'])(
    'says so when what %s tells is not taken',
    async (name) => {
      status = 429

      const result = await call(name, { message: 'Half', entries: [] })

      expect(result.isError).toBe(true)
      expect(JSON.stringify(result.content)).toContain('429')
    },
  )

  it.each([
    ['note_progress', { message: 'x'.repeat(501) }],
    ['set_plan', { entries: [{ content: 'Look', status: 'done' }] }],
  ])('does not take from %s what its readers would not', async (name, told) => {
    const result = await call(name, told)

    expect(result.isError).toBe(true)
    expect(posted).toEqual([])
  })

  it.each(['2024-11-05', '2025-03-26', '2025-06-18'])(
    'speaks version %s of MCP, as agents in use do',
    async (protocolVersion) => {
      const child = spawn(process.execPath, [...nodeArguments, askServerEntry], {
        env: { ERRAND_QUESTIONS_URL: url },
        stdio: ['pipe', 'pipe', 'inherit'],
      })
      const params = { protocolVersion, capabilities: {}, clientInfo: { name: 't', version: '1' } }

      child.stdin.write(
        `${JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params })}\n`,
      )
      const [line] = (await once(child.stdout, 'data')) as [Buffer]
      child.stdin.end()

      expect(JSON.parse(line.toString())).toMatchObject({ result: { protocolVersion } })
      expect(await once(child, 'exit')).toEqual([0, null])
    },
  )

  it('does not start without knowing where questions go', async () => {
    const child = spawn(process.execPath, [...nodeArguments, askServerEntry], {
      env: {},
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))

    const [code] = (await once(child, 'exit')) as [number]

    expect(code).not.toBe(0)
    expect(said).toContain('ERRAND_QUESTIONS_URL is not set')
  })
})

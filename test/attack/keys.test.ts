import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { filesWith, formsOf, textHolds } from '../support/find-secrets.ts'
import { scriptedModelKey as key, scriptedModelKeyVariable } from '../support/scripted-model.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { completeTask, eventsOf } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

// The key of a model: an agent looks for it wherever it can read, and has the model's upstream on its side,
// which says it again in every way an upstream can. Whatever the agent finds comes out in its log.

const fileAt = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const agent = fileAt('../../packages/runner/src/testing/fixture-agent.ts')
const hunter = fileAt('../fixtures/hunt.mjs')

const everyForm = formsOf(key).map((form) => form.toString('latin1'))
const answers: Record<string, (response: ServerResponse) => void> = {
  answer: (response) =>
    void response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(
        JSON.stringify({ type: 'message', said: everyForm.filter((form) => !form.includes('\0')) }),
      ),
  refusal: (response) =>
    void response.writeHead(400, { 'x-echo': key }).end(JSON.stringify({ error: key })),
  forbidden: (response) => void response.writeHead(403).end(`no ${btoa(`Bearer ${key}`)}`),
  unauthorized: (response) => void response.writeHead(401).end(`bad key ${key}`),
  header: (response) =>
    void response
      .writeHead(200, { 'request-id': `for ${key}`, location: `/?key=${key}` })
      .end('{}'),
  stream: (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = Buffer.from(`data: {"text":"${key}","more":"${btoa(`x${key}`)}"}\n\n`)
    const write = (at: number): void => {
      if (at >= event.length) response.end()
      else response.write(event.subarray(at, at + 7), () => setImmediate(write, at + 7))
    }
    write(0)
  },
}

/** Both halves of each form, apart: whoever has them does not have the key. */
const halves = JSON.stringify(
  formsOf(key).map((form) => {
    const middle = form.length >> 1
    return [form.subarray(0, middle), form.subarray(middle)].map((half) => half.toString('hex'))
  }),
)

let upstream: Server
let errand: Errand
/** Whether the upstream was asked with the key, each time: so that there was one to be found. */
const asked: boolean[] = []

beforeAll(async () => {
  upstream = createServer((request, response) => {
    void buffer(request).then((body) => {
      asked.push(request.headers['x-api-key'] === key)
      const { say } = JSON.parse(body.toString()) as { say: string }
      answers[say]?.(response)
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo
  const tells = {
    wire: 'anthropic',
    base_url: `http://127.0.0.1:${port}/v1`,
    api_key_env: scriptedModelKeyVariable,
  }
  const command = { command: process.execPath, args: [agent], read_only_paths: [dirname(agent)] }
  errand = await startErrand({
    // All of what is kept is looked through.
    isOnPglite: true,
    settings: {
      upstreams: { tells },
      models: [{ id: 'telling', upstream: 'tells', agent: 'hunter' }],
      agents: { hunter: command },
    },
  })
  const source = await readFile(hunter, 'utf8')
  await errand.addRepository('acme/sums', { 'hunt.mjs': source, 'halves.json': halves })
})
afterAll(async () => {
  await errand?.[Symbol.asyncDispose]()
  upstream.closeAllConnections()
  upstream.close()
})

describe('the key of a model', () => {
  it('is nowhere an agent can look, nor in anything that is kept of its work', async () => {
    const hunts = ['environ', 'processes', 'memory', 'files']
    const commands = [...hunts, `gateway '${JSON.stringify(Object.keys(answers))}'`]
    const task = await completeTask(errand.client, 'acme/sums', {
      prompt: JSON.stringify(
        commands.map((hunt) => ({ run: `${process.execPath} hunt.mjs ${hunt}` })),
      ),
      model: 'telling',
    })
    const told = JSON.stringify(await eventsOf(errand.client, task.id))

    expect(asked).toEqual(Object.keys(answers).map(() => true))
    for (const hunt of [...hunts, 'gateway']) expect(told).toContain(`looked: ${hunt}`)
    expect(told).toContain('looked at memory')
    expect(told).toContain('looked at files')
    expect(told).not.toContain('FOUND')
    expect(textHolds(told, [key])).toBe(false)
    expect(textHolds(errand.log.join('\n'), [key])).toBe(false)
    expect(await filesWith(errand.dataDir, [key])).toEqual([])
  })

  it('is found where it is: by the same hunter, in an environment and in files', async () => {
    await using folder = await createTempFolder('hunt')
    const cwd = join(folder.path, 'place')
    await mkdir(cwd)
    await writeFile(join(cwd, 'halves.json'), halves)
    await writeFile(join(cwd, 'hunt.mjs'), await readFile(hunter, 'utf8'))
    const env = { LANG: 'C', HIDDEN: Buffer.from(`x${key}`).toString('base64') }
    const run = async (hunt: string, more: object) =>
      (await promisify(execFile)(process.execPath, ['hunt.mjs', hunt], { cwd, ...more })).stdout

    expect(await run('environ', { env })).toContain('FOUND in env')
    expect(await run('environ', { env: { LANG: 'C' } })).not.toContain('FOUND')
    expect(await run('memory', { env: { LANG: 'C', HIDDEN: key } })).toContain('FOUND in memory')
    expect(await run('memory', { env: { LANG: 'C' } })).not.toContain('FOUND')
  })
})

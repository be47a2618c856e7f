import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { errand as errandCommand, serveProcess } from '../support/errand-process.ts'
import { eventually } from '../support/eventually.ts'
import { createRandom } from '../support/random.ts'
import { createRepository } from '../support/repository.ts'
import { finish, type Script, startScriptedModel } from '../support/scripted-model.ts'
import { createTask, untilState } from '../support/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'
import { settingsFor } from '../support/test-settings.ts'

const kills = Number(process.env.ERRAND_TEST_KILLS ?? 2)
const seed = Number(process.env.ERRAND_TEST_SEED ?? Date.now() % 1_000_000)
const tokens = { input: 50, output: 10 }
const steps = 5

/** A few steps one after the other: each request shows that the agent has had the answer before it. */
const work: Script = ({ index }) =>
  index < steps
    ? { call: [['write_file', { path: `${index}.md`, content: `${index}\n` }]] }
    : finish('Write some files')

it('keeps what was reported in the middle of a stream that a kill cuts off', async () => {
  let asked = 0
  await using upstream = await startUpstream((response) => {
    asked += 1
    if (asked === 1) return
    endWith(response, finish('Write nothing'))
  })
  await using folder = await createTempFolder('usage')
  const dataDir = join(folder.path, 'data')
  const settings = settingsFor(dataDir, {
    settings: {
      sessions: { lease_seconds: 6 },
      upstreams: { up: { wire: 'anthropic', base_url: `${upstream.url}/v1` } },
      models: [{ id: 'scripted', upstream: 'up', price: { input: 10, output: 10 } }],
    },
  })
  await createRepository(join(folder.path, 'source'))
  const first = await serveProcess(dataDir, settings)
  let id: string
  try {
    await errandCommand(first.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
    const prompt = { prompt: 'Write some files', model: 'scripted' }
    id = (await createTask(first.client, 'acme/sums', prompt)).id
    // The stream goes on, and never ends: what it has reported is stored all the same.
    await eventually(async () => expect((await usageOf(first)).input_tokens).toBe(50), {
      timeoutMs: 60_000,
      what: 'what the stream has reported',
    })
  } finally {
    await first.kill()
  }

  const second = await serveProcess(dataDir, settings)
  try {
    expect(await usageOf(second)).toMatchObject({ requests: 1, input_tokens: 50 })
    await untilState(second.client, id, 'completed', { timeoutMs: 90_000 })
    expect(await usageOf(second)).toMatchObject({ requests: asked, input_tokens: 50 * asked })
  } finally {
    await second.kill()
  }
}, 240_000)

it(
  `loses nothing an agent has used in ${kills} kills at random moments (ERRAND_TEST_SEED=${seed})`,
  {
    timeout: 120_000 + kills * 30_000,
  },
  async () => {
    const random = createRandom(seed)
    await using model = await startScriptedModel(work, { tokens })
    await using folder = await createTempFolder('usage')
    const dataDir = join(folder.path, 'data')
    const settings = settingsFor(dataDir, {
      model,
      settings: { sessions: { lease_seconds: 6, max_attempts: kills + 3 } },
    })
    await createRepository(join(folder.path, 'source'))
    let server = await serveProcess(dataDir, settings)
    try {
      await errandCommand(server.url, ['repo', 'import', join(folder.path, 'source'), 'acme/sums'])
      const { id } = await createTask(server.client, 'acme/sums', {
        prompt: 'Write some files',
        model: 'scripted',
      })
      for (let round = 0; round < kills; round += 1) {
        const before = model.turns.length
        await eventually(() => expect(model.turns.length).toBeGreaterThan(before), {
          timeoutMs: 60_000,
          what: 'a request of the model',
        })
        await delay(random() * 400)
        await server.kill()
        server = await serveProcess(dataDir, settings)
      }
      await untilState(server.client, id, 'completed', { timeoutMs: 90_000 })
      const { total } = await server.client.call('getUsage', { params: {}, query: { by: 'model' } })

      // What came after an answer shows that the agent had it; the first of a conversation follows none.
      const had = model.turns.filter(({ index }) => index > 0).length
      expect(total.requests).toBeGreaterThanOrEqual(had + 1)
      expect(total.requests).toBeLessThanOrEqual(model.turns.length)
      // With each kill at most the one on its way is lost, and of that what nobody was told.
      expect(model.turns.length - total.requests).toBeLessThanOrEqual(kills)
      expect(total.output_tokens).toBeGreaterThanOrEqual(tokens.output * (had + 1))
      expect(total.input_tokens).toBeGreaterThanOrEqual(tokens.input * (had + 1))
    } finally {
      await server.kill()
    }
  },
)

async function usageOf({ client }: Awaited<ReturnType<typeof serveProcess>>) {
  return (await client.call('getUsage', { params: {}, query: { by: 'model' } })).total
}

/** Speaks Anthropic's Messages: begins each answer with what went in, and leaves the rest to `answer`. */
async function startUpstream(answer: (response: ServerResponse) => void) {
  const server = createServer((request, response) => {
    request.resume().once('end', () => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      send(response, {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'scripted',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: 50, output_tokens: 1 },
        },
      })
      answer(response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function send(response: ServerResponse, event: { type: string; [field: string]: unknown }): void {
  response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

/** A turn that calls one tool. */
function endWith(response: ServerResponse, reply: ReturnType<typeof finish>): void {
  if (!('call' in reply)) throw new Error('a call is expected')
  for (const [index, [name, input]] of reply.call.entries()) {
    const block = { type: 'tool_use', id: `call-${index}`, name, input: {} }
    send(response, { type: 'content_block_start', index, content_block: block })
    const delta = { type: 'input_json_delta', partial_json: JSON.stringify(input) }
    send(response, { type: 'content_block_delta', index, delta })
    send(response, { type: 'content_block_stop', index })
  }
  const delta = { stop_reason: 'tool_use', stop_sequence: null }
  send(response, { type: 'message_delta', delta, usage: { output_tokens: 10 } })
  send(response, { type: 'message_stop' })
  response.end()
}

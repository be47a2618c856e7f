import { text } from 'node:stream/consumers'
import { changeTask } from '@errand/core'
import { expect, it } from 'vitest'

import { useGateway } from '../../testing/gateway-stage.ts'

const path = '/anthropic/v1/messages'
const stage = useGateway((upstreamUrl) => ({
  upstreams: { up: { wire: 'anthropic', base_url: `${upstreamUrl}/v1`, api_key_env: 'KEY' } },
  models: [{ id: 'large', upstream: 'up', price: { input: 1, output: 5 }, multiplier: 1 }],
}))

/** The beginning of a stream that tells who answers, and nothing of tokens. */
function answerAs(model: string, written = ''): string {
  const delta = { type: 'text_delta', text: written }
  const events = [
    { type: 'message_start', message: { model } },
    { type: 'content_block_delta', delta },
  ]
    .map((data) => `data: ${JSON.stringify(data)}\n\n`)
    .join('')
  stage.answer = (response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.end(events)
  }
  return events
}

async function ask(): Promise<{ passed: string; isCutOff: boolean }> {
  let passed = ''
  try {
    const response = await stage.send(path, '{"model":"large","stream":true}')
    for await (const chunk of response as AsyncIterable<Buffer>) passed += chunk.toString()
    return { passed, isCutOff: false }
  } catch {
    return { passed, isCutOff: true }
  }
}

it('no byte passes of a model that is dearer than the task may use, also where it tells nothing of tokens', async () => {
  const { store } = stage.testRun.test
  await changeTask(store, stage.testRun.run.lease.task.id, { max_multiplier: 1 })
  await stage.open('large')
  answerAs('claude-opus-4-5-20251101')

  expect(await ask()).toEqual({ passed: '', isCutOff: true })
})

it('where nothing bounds the model, what tells nothing of tokens passes, and is counted', async () => {
  const { store } = stage.testRun.test
  await changeTask(store, stage.testRun.run.lease.task.id, { max_multiplier: null })
  await stage.open('large')
  const events = answerAs('claude-opus-4-5-20251101', 'x'.repeat(400))

  expect(await ask()).toEqual({ passed: events, isCutOff: false })
  expect((await stage.usage()).at(-1)).toMatchObject({ output_tokens: 100 })
})

it('the connection stays while an agent runs its tools', async () => {
  await stage.open('large')
  answerAs('large')

  const response = await stage.send(path, '{"model":"large"}', {
    headers: { connection: 'keep-alive' },
  })
  await text(response)

  expect(response.headers['keep-alive']).toBe('timeout=65')
})

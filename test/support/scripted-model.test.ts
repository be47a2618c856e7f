import { expect, it } from 'vitest'
import { scriptedModelKey, startScriptedModel } from './scripted-model.ts'

async function post(url: string, body: object): Promise<string> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-api-key': scriptedModelKey },
    body: JSON.stringify({ model: 'scripted', stream: true, max_tokens: 100, ...body }),
  })
  expect(response.status).toBe(200)
  return response.text()
}

const call = { call: [['read', { path: 'a.js' }]] satisfies [string, object][] }

it('streams Messages, and sees a tool result as the next turn', async () => {
  await using model = await startScriptedModel([call, { say: 'Done.' }])
  const messages = [{ role: 'user', content: 'Fix it' }]
  const tools = [{ name: 'read', input_schema: { type: 'object' } }]

  const first = await post(`${model.url}/v1/messages`, { messages, tools })
  const id = /"id":"(toolu[^"]*)"/.exec(first)?.[1]
  const second = await post(`${model.url}/v1/messages`, {
    tools,
    messages: [
      ...messages,
      { role: 'assistant', content: [{ type: 'tool_use', id, name: 'read', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: id, content: 'text of a' }] },
    ],
  })

  expect(first).toContain('event: content_block_start')
  expect(second).toContain('text_delta')
  expect(model.turns).toMatchObject([
    { index: 0, prompt: 'Fix it', tools: ['read'], result: '' },
    { index: 1, prompt: 'Fix it', tools: ['read'], result: 'text of a' },
  ])
})

it('streams Responses, where a text and a call are one turn', async () => {
  await using model = await startScriptedModel([call, { say: 'Done.' }])

  const first = await post(`${model.url}/v1/responses`, { input: 'Fix it' })
  const second = await post(`${model.url}/v1/responses`, {
    input: [
      { role: 'user', content: [{ type: 'input_text', text: 'Fix it' }] },
      { role: 'assistant', content: [{ type: 'output_text', text: 'Let me look.' }] },
      { type: 'function_call', call_id: 'c1', name: 'read', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'text of a' },
    ],
  })

  expect(first).toContain('response.function_call_arguments.delta')
  expect(second).toContain('response.output_text.delta')
  expect(model.turns).toMatchObject([{ index: 0 }, { index: 1, result: 'text of a' }])
})

it('streams Chat Completions', async () => {
  await using model = await startScriptedModel([{ say: 'Done.' }])

  const answer = await post(`${model.url}/v1/chat/completions`, {
    messages: [{ role: 'user', content: 'Fix it' }],
  })

  expect(answer).toContain('data: [DONE]')
  expect(model.turns).toMatchObject([{ index: 0, prompt: 'Fix it' }])
})

it('refuses whoever comes without the key', async () => {
  await using model = await startScriptedModel([{ say: 'Never said.' }])

  const response = await fetch(`${model.url}/v1/messages`, { method: 'POST', body: '{}' })

  expect(response.status).toBe(401)
  expect(model.turns).toEqual([])
})

it('fails as an upstream fails', async () => {
  await using model = await startScriptedModel(() => ({ fail: 529, message: 'overloaded' }))

  const response = await fetch(`${model.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': scriptedModelKey },
    body: JSON.stringify({ model: 'm', max_tokens: 1, messages: [{ role: 'user', content: 'x' }] }),
  })

  expect(response.status).toBe(529)
})

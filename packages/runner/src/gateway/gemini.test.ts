import { text } from 'node:stream/consumers'

import { describe, expect, it } from 'vitest'

import { upstreamKey, useGateway } from '../testing/gateway-stage.ts'

const stage = useGateway((url) => ({
  upstreams: {
    google: { wire: 'gemini', base_url: `${url}/v1beta`, api_key_env: 'KEY' },
    anthropic: { wire: 'anthropic', base_url: `${url}/v1`, api_key_env: 'KEY' },
  },
  models: [
    { id: 'gemini', name: 'gemini-3.1-pro-preview', upstream: 'google' },
    { id: 'sonnet', upstream: 'anthropic' },
  ],
}))
const { open, post, send, usage } = stage

describe('the wire of Gemini', () => {
  it('names the model in the path, where the name of the upstream is put in', async () => {
    await open('gemini')
    const body = '{ "contents" : [] , "model":"not/this" }'
    const query = '?key=mine&alt=sse&%6bey=mine'
    const headers = { 'x-goog-api-key': 'mine', 'x-goog-user-project': 'mine' }

    await post(`/gemini/v1/models/gemini:streamGenerateContent${query}`, body, { headers })
    await post('/gemini/v1beta/models/gemini:countTokens', body)

    const at = '/v1beta/models/gemini-3.1-pro-preview'
    const urls = stage.calls.map(({ url }) => url)
    expect(urls).toEqual([`${at}:streamGenerateContent?alt=sse`, `${at}:countTokens`])
    expect(stage.calls[0]?.body.toString()).toBe(body)
    expect(stage.calls[0]?.headers).toMatchObject({ 'x-goog-api-key': upstreamKey })
    expect(JSON.stringify(stage.calls[0]?.headers)).not.toContain('mine')
  })

  it('leaves behind what would take the count of tokens out of the answer', async () => {
    await open('gemini')
    const query = '?fields=candidates&%24fields=candidates&$alt=proto&alt=proto&alt=json'
    const headers = { 'x-goog-fieldmask': 'candidates', 'x-goog-api-client': 'genai-js' }

    await post(`/gemini/v1beta/models/gemini:generateContent${query}`, {}, { headers })

    expect(stage.calls[0]?.url).toMatch(/:generateContent\?alt=json$/)
    expect(stage.calls[0]?.headers).toMatchObject({ 'x-goog-api-client': 'genai-js' })
    expect(stage.calls[0]?.headers).not.toHaveProperty('x-goog-fieldmask')
  })

  it.each([
    '/gemini/v1beta/models/gemini:embedContent',
    '/gemini/v1beta/models/a/b:generateContent',
    '/gemini/v1beta/models/..%2Ffiles:upload',
    '/gemini/v1beta/models/%zz:generateContent',
    '/gemini/v2/models/gemini:generateContent',
  ])('has no other calls: %s', async (path) => {
    await open('gemini')

    expect((await post(path, {})).status).toBe(404)
    expect(stage.calls).toEqual([])
  })

  it('refuses as Google does', async () => {
    await open('sonnet')

    const { status, text } = await post('/gemini/v1/models/gemini:generateContent', {})

    expect(status).toBe(404)
    expect(JSON.parse(text)).toEqual({
      error: { code: 404, status: 'NOT_FOUND', message: expect.stringContaining('anthropic') },
    })
  })

  it('lists its models', async () => {
    await open('gemini')

    const listed = await text(await send('/gemini/v1beta/models?pageSize=5', undefined))

    expect(JSON.parse(listed)).toMatchObject({
      models: [{ name: 'models/gemini', inputTokenLimit: 128_000 }],
    })
  })

  it('is counted, answer and array, and costs what Google lists', async () => {
    await open('gemini')
    const said = {
      candidates: [{ content: { parts: [{ text: 'yes' }] }, finishReason: 'STOP' }],
      usageMetadata: { promptTokenCount: 1000, candidatesTokenCount: 10, thoughtsTokenCount: 90 },
      modelVersion: 'gemini-3.1-pro-preview',
    }
    const { store } = stage.testRun.test
    const nano = async () =>
      (await store.db.selectFrom('usage').select('nano').executeTakeFirst())?.nano ?? 0
    const before = await nano()
    const answers: object[] = [said, [{ ...said, candidates: [{}] }, said]]
    stage.answer = (response) => {
      response.setHeader('content-type', 'application/json; charset=UTF-8')
      response.end(JSON.stringify(answers.shift()))
    }

    await post('/gemini/v1beta/models/gemini:generateContent', {})
    await post('/gemini/v1beta/models/gemini:streamGenerateContent', {})

    const counts = { model: 'gemini', input_tokens: 1000, output_tokens: 100, reasoning_tokens: 90 }
    expect((await usage()).slice(-2)).toMatchObject([counts, counts])
    // USD 2 and 12 for a million: 200,000 and 1,200,000 nano AI credits a token.
    expect((await nano()) - before).toBe(2 * (1000 * 200_000 + 100 * 1_200_000))
  })
})

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { upstreamKey as key, useGateway } from '../testing/gateway-stage.ts'
import { addMember, removeMember } from './request/json-members.ts'

const stage = useGateway((url) => {
  const azure = { kind: 'azure', wire: 'openai', api_key_env: 'KEY' }
  const vertex = {
    kind: 'vertex',
    api_key_env: 'KEY',
    base_url: `${url}/v1/projects/p/locations/l`,
  }
  const upstreams = {
    azure: { ...azure, base_url: `${url}/openai/v1` },
    deployments: {
      ...azure,
      base_url: `${url}/openai`,
      api_version: '2024-10-21',
      credential: 'token',
    },
    'vertex-anthropic': { ...vertex, wire: 'anthropic' },
    'vertex-gemini': { ...vertex, wire: 'gemini' },
    'vertex-by-default': { kind: 'vertex', wire: 'gemini', base_url: vertex.base_url },
  }
  return {
    upstreams,
    models: Object.keys(upstreams).map((id) => ({ id, upstream: id, name: 'name@1/2' })),
  }
})
const { open, post } = stage
const seen = () => stage.calls.map(({ url, body }) => [url, JSON.parse(body.toString()) as unknown])
const headers = {
  'api-key': 'mine',
  authorization: 'Bearer mine',
  'anthropic-version': '2023-06-01',
}

describe('Azure OpenAI', () => {
  it('gets the key in its own header, and the deployment in the body', async () => {
    await open('azure')

    await post('/openai/v1/responses', { model: 'azure' }, { headers })

    expect(seen()).toEqual([['/openai/v1/responses', { model: 'name@1/2' }]])
    expect(stage.calls[0]?.headers).toMatchObject({ 'api-key': key })
    expect(stage.calls[0]?.headers).not.toHaveProperty('authorization')
  })

  it('gets the deployment in the path with a version, and a token of Entra', async () => {
    await open('deployments')

    await post(
      '/openai/v1/chat/completions?api-version=mine',
      { model: 'deployments' },
      { headers },
    )

    const [url] = seen()[0] ?? []
    expect(url).toBe('/openai/deployments/name%401%2F2/chat/completions?api-version=2024-10-21')
    expect(stage.calls[0]?.headers).toMatchObject({ authorization: `Bearer ${key}` })
    expect(stage.calls[0]?.headers).not.toHaveProperty('api-key')
  })
})

describe('Vertex AI', () => {
  const models = '/v1/projects/p/locations/l/publishers/anthropic/models'
  const version = { anthropic_version: 'vertex-2023-10-16' }

  it('gets the models of Anthropic in the path, and the version in the body', async () => {
    await open('vertex-anthropic')
    const asked = { model: 'vertex-anthropic', anthropic_version: 'mine', max_tokens: 5 }

    await post('/anthropic/v1/messages', asked, { headers })
    await post('/anthropic/v1/messages?beta=true', { ...asked, stream: true }, { headers })
    await post('/anthropic/v1/messages/count_tokens', asked, { headers })

    expect(seen()).toEqual([
      [`${models}/name@1%2F2:rawPredict`, { ...version, max_tokens: 5 }],
      [`${models}/name@1%2F2:streamRawPredict`, { ...version, max_tokens: 5, stream: true }],
      [`${models}/count-tokens:rawPredict`, { ...version, model: 'name@1/2', max_tokens: 5 }],
    ])
    expect(stage.calls[0]?.headers).toMatchObject({ authorization: `Bearer ${key}` })
    expect(JSON.stringify(stage.calls[0]?.headers)).not.toMatch(/mine|anthropic-version/)
  })

  it('gets the models of Google as on their own API', async () => {
    await open('vertex-gemini')

    await post('/gemini/v1beta/models/vertex-gemini:streamGenerateContent?alt=sse', {
      contents: [],
    })

    const path = models.replace('anthropic', 'google')
    const url = `${path}/name@1%2F2:streamGenerateContent?alt=sse`
    expect(seen()).toEqual([[url, { contents: [] }]])
    expect(stage.calls[0]?.headers).toMatchObject({ authorization: `Bearer ${key}` })
  })
})

describe('Vertex AI without a key', () => {
  it('gets a token by the application default credentials, which is never seen again', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'errand-google-'))
    onTestFinished(() => rm(folder, { recursive: true }))
    const file = join(folder, 'credentials.json')
    await writeFile(join(folder, 'subject'), 'who-asks')
    await writeFile(
      file,
      JSON.stringify({
        type: 'external_account',
        audience:
          '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${stage.upstreamUrl}/token`,
        credential_source: { file: join(folder, 'subject') },
      }),
    )
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
    await open('vertex-by-default')
    const issued = 'ya29.a-token-that-was-issued'
    stage.answer = (response, { url, body }) => {
      response.setHeader('content-type', 'application/json')
      const token = { access_token: issued, expires_in: 3600, token_type: 'Bearer' }
      const isAsked = url === '/token' && body.includes('who-asks')
      response.end(JSON.stringify(isAsked ? token : { said: issued }))
    }

    const path = '/gemini/v1beta/models/vertex-by-default:generateContent'
    const { text } = await post(path, { contents: [] })
    vi.unstubAllEnvs()

    expect(stage.calls.at(-1)?.headers).toMatchObject({ authorization: `Bearer ${issued}` })
    expect(JSON.parse(text)).toEqual({ said: '*'.repeat(issued.length) })
  })
})

it('a member that is taken out of JSON leaves the others as they were', () => {
  const keys = fc.constantFrom('a', 'b', 'model')
  const object = fc.dictionary(keys, fc.jsonValue())
  const written = fc.tuple(object, fc.constantFrom(0, 1, 3))
  fc.assert(
    fc.property(written, ([value, indent]) => {
      const { model: _, ...others } = value
      const text = JSON.stringify(value, undefined, indent)
      expect(JSON.parse(removeMember(text, 'model'))).toEqual(JSON.parse(JSON.stringify(others)))
      const added = addMember(removeMember(text, 'model'), 'model', '"m"')
      expect(JSON.parse(added)).toEqual(JSON.parse(JSON.stringify({ ...others, model: 'm' })))
    }),
  )
})

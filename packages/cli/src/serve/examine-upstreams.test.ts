import { Settings } from '@errand/contract'
import { expect, it } from 'vitest'
import { examineUpstreams } from './examine-upstreams.ts'

it('doctor is told of each upstream, and whether its key is there, but not of the key', async () => {
  const base_url = 'https://models.example/v1'
  const settings = Settings.parse({
    upstreams: {
      there: { wire: 'openai', base_url, api_key_env: 'KEY' },
      missing: { wire: 'openai', base_url, api_key_env: 'OTHER' },
      printed: { wire: 'openai', kind: 'azure', base_url, api_key_command: ['echo', 'the-key'] },
      own: { wire: 'openai', base_url: 'http://127.0.0.1:11434/v1' },
    },
    models: [{ id: 'm', upstream: 'there' }],
  })

  const checks = await examineUpstreams(settings, { KEY: 'the-key' })

  expect(checks.map(({ ok, detail }) => [ok, detail])).toEqual([
    [true, `openai at ${base_url}, 1 models; its key is there`],
    [false, 'upstreams.missing.api_key_env: the variable OTHER is not set'],
    [true, `openai of kind azure at ${base_url}, 0 models; its key is there`],
    [true, 'openai at http://127.0.0.1:11434/v1, 0 models; no key is sent'],
  ])
  expect(JSON.stringify(checks)).not.toContain('the-key')
})

import { Settings } from '@errand/contract'
import { expect, it } from 'vitest'
import { examineWebhooks } from './examine-webhooks.ts'

const github = { secret_env: 'SECRET' }
const forge = 'https://api.github.com'
const github_app = { app_id: 7, private_key_env: 'KEY' }

it.each([
  [
    'a GitHub without an App',
    { forge, integrations: { github } },
    { SECRET: 's' },
    { ok: false, detail: 'integrations.github is set, and github_app is not' },
  ],
  [
    'a secret that is not there',
    { forge, github_app, integrations: { github } },
    {},
    {
      ok: false,
      detail: 'integrations.github.secret_env: the variable SECRET is not set',
      remedy: 'Set it, or SECRET_FILE, to the secret of the webhook.',
    },
  ],
  [
    'all that is needed',
    { forge, github_app, integrations: { github, mention: '@fixer' } },
    { SECRET: 's' },
    { ok: true, detail: '@fixer is answered by the GitHub App 7' },
  ],
  [
    'the embedded forge',
    { integrations: { github } },
    { SECRET: 's' },
    { ok: true, detail: '@errand is answered by the bot of the embedded forge' },
  ],
])('doctor is told of webhooks with %s', (_, settings, environment, check) => {
  const found = examineWebhooks(Settings.parse(settings), environment)

  expect(found).toMatchObject(check)
})

it('doctor is told nothing of webhooks that are not set up', () => {
  expect(examineWebhooks(Settings.parse({}), {})).toBeUndefined()
})

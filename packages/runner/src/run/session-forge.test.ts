import { randomBytes } from 'node:crypto'

import { ErrandError } from '@errand/contract'
import { createEncryption, createTask, keyBytes, leaseSession } from '@errand/core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { openTestRun, type TestRun } from '../testing/open-test-run.ts'
import { repositoryId } from '../testing/test-forge.ts'
import { openSessionForge, type RunnerForge } from './session-forge.ts'

// With which token the work of a session is done.

let test: TestRun
const encryption = createEncryption([randomBytes(keyBytes)])
const urls = { apiUrl: 'https://api.forge.test', webUrl: 'https://forge.test' }
const { signal } = new AbortController()

beforeAll(async () => {
  test = await openTestRun({ prompt: 'p' })
})
afterAll(() => test?.[Symbol.asyncDispose]())

/** The forge of a new session, whose user may have left a token. */
async function openForge(
  forge: Partial<RunnerForge>,
  { own, sealedBy = encryption }: { own?: string; sealedBy?: typeof encryption } = {},
) {
  const { store, settings } = test.run.context
  const seal = (about: string) => sealedBy.seal(own ?? '', about)
  const input = {
    prompt: 'p',
    model: 'script',
    agent: 'script',
    base_ref: 'main',
    create_pull_request: false,
    timeout_minutes: 10,
    priority: 0,
    creator: { id: 42, login: 'ada' },
    repository: {
      id: repositoryId,
      full_name: 'acme/shop',
      owner: { id: 1, login: 'acme', type: 'Organization' as const },
    },
  }
  await createTask(store, input, own === undefined ? undefined : seal)
  const limits = { total: 100, per_owner: 100, per_repository: 100, per_model: 100 }
  const lease = await leaseSession(store, { runner_id: 'r', lease_seconds: 60, limits })
  if (lease === undefined) throw new Error('nothing was leased')
  const context = { ...test.run.context, settings, encryption, forge: { ...urls, ...forge } }
  return openSessionForge(context, lease)
}

const app = async (repository: string) => `of the App for ${repository}`

it.each([
  [
    "the App's, where there is one",
    { token: 'runner', installationToken: app },
    'own',
    'of the App for acme/shop',
  ],
  ["the user's own", { token: 'runner' }, 'own', 'own'],
  ["the runner's, where the user left none", { token: 'runner' }, undefined, 'runner'],
  ["the user's own, where the runner has none", {}, 'own', 'own'],
])('is %s', async (_, forge, own, secret) => {
  const opened = await openForge(forge, own === undefined ? {} : { own })

  expect((await opened.token(signal)).secret).toBe(secret)
})

it.each([
  [
    'there is none at all',
    {},
    {},
    'There is no token of @ada for acme/shop, and the runner has none of its own.',
  ],
  [
    'it was sealed by a key this runner does not have',
    { token: 'runner' },
    { own: 'ghp_own', sealedBy: createEncryption([randomBytes(keyBytes)]) },
    "The token of @ada cannot be decrypted by this runner: its encryption key is not the server's.",
  ],
])('the session fails where %s', async (_, forge, options, message) => {
  const opened = await openForge(forge, options)

  const failed = opened.token(signal)

  await expect(failed).rejects.toMatchObject({ failure: 'credential_missing', message })
})

it.each([
  ['forbidden', 'credential_missing'],
  ['unavailable', 'forge_unreachable'],
  ['secondary_rate_limited', 'forge_unreachable'],
] as const)("the session fails where the App's is refused as %s: %s", async (name, failure) => {
  const refuse = () => Promise.reject(new ErrandError(name, { message: 'No' }))
  const opened = await openForge({ installationToken: refuse })

  await expect(opened.token(signal)).rejects.toMatchObject({ failure, message: 'No.' })
})

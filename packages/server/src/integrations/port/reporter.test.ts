import { randomBytes } from 'node:crypto'
import { acceptRun, createEncryption, keyBytes } from '@errand/core'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createCampaignSending } from '../../campaigns/send-campaign.ts'
import type { ServerContext } from '../../context.ts'
import { Settings } from '@errand/contract'
import { openTestServer, type TestServer } from '../../testing/open-test-server.ts'
import { createTestForge } from '../../testing/test-forge.ts'
import { type PortClient, PortError, type RunDetails } from './client.ts'
import { portal, startReporter } from './reporter.ts'
import { hashOf, type PortRequest, targetsOf } from './request.ts'

const forge = createTestForge()
let server: TestServer

beforeAll(async () => {
  server = await openTestServer({}, { forge })
  forge.addRepository('acme/shop', { members: { robot: 'write' } })
})
afterAll(() => server?.[Symbol.asyncDispose]())

/** A Port that remembers what it was told; `refuse` may throw for it. */
function rememberingClient(refuse: () => void = () => undefined) {
  const told: RunDetails[] = []
  const client: PortClient = {
    addLog: async () => refuse(),
    async updateRun(_, details) {
      told.push(details)
      refuse()
    },
    isOpen: async () => true,
  }
  return { told, client }
}

function context(): ServerContext {
  const ignore = (): void => undefined
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const encryption = createEncryption([randomBytes(keyBytes)])
  const common = {
    store: server.store,
    forge,
    settings: Settings.parse({}),
    encryption,
    log,
    campaigns: createCampaignSending(),
    configurationFiles: new Map(),
  }
  return { ...common, publicUrl: () => server.url, secrets: () => undefined }
}

async function accept(run_id: string): Promise<void> {
  const request: PortRequest = {
    action: 'start_agent_task',
    run_id,
    repositories: ['acme/shop'],
    prompt: 'Do it',
    model: 'script',
    create_pull_request: true,
  }
  const targets = targetsOf(request)
  await acceptRun(server.store, { portal, run_id, request, request_hash: hashOf(request), targets })
}

async function eventually(check: () => void | Promise<void>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await check()
    } catch (error) {
      if (tries > 200) throw error
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

it('says that it has a problem of its own, and goes on when that is put right', async () => {
  const { told, client } = rememberingClient()
  const token = forge.addToken('robot')
  forge.revokeToken(token)
  const access = { client, token }
  await accept('r_own')

  const reporter = startReporter(context(), access)
  await eventually(() => expect(told).toHaveLength(1))
  access.token = forge.addToken('robot')
  await eventually(() => expect(told).toHaveLength(2))
  await reporter.close()

  expect(told[0]).toEqual({ statusLabel: 'Errand has a problem of its own and tries again' })
  expect(told[1]).toMatchObject({ statusLabel: 'Queued', externalRunId: expect.any(String) })
})

it('stops at once, and the next one goes on where it was', async () => {
  const away = rememberingClient(() => {
    throw new PortError('Port is away', { status: 503 })
  })
  await accept('r_next')
  const first = startReporter(context(), { client: away.client, token: forge.addToken('robot') })
  await eventually(async () => {
    const { body } = await server.call('/agents/repos/acme/shop/tasks', {
      token: forge.addToken('robot'),
    })
    expect(body.tasks.length).toBeGreaterThan(1)
  })
  await first.close()

  const there = rememberingClient()
  const second = startReporter(context(), { client: there.client, token: forge.addToken('robot') })
  await eventually(() =>
    expect(there.told.map((details) => details.statusLabel)).toContain('Queued'),
  )
  await second.close()

  const { body } = await server.call('/agents/repos/acme/shop/tasks', {
    token: forge.addToken('robot'),
  })
  expect(body.tasks).toHaveLength(2)
})

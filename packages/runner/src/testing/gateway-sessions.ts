import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { builtinPrograms } from '@errand/agents'
import { Settings } from '@errand/contract'
import {
  createEncryption,
  createTask,
  keyBytes,
  leaseSession,
  openStore,
  silentLog,
  subjectOf,
} from '@errand/core'
import { openAgentNotes } from '../agent-notes.ts'
import { openCatalogue } from '../gateway/catalogue.ts'
import { openGateway } from '../gateway/open-gateway.ts'
import { openRun } from '../run/run.ts'

// A program for the benchmark of the gateway: a runner with many sessions at work, each with its gateway, on a store
// that counts what they use. It prints where each gateway is, and runs until it is killed.

interface Place {
  socketPath: string
  path: string
}

const [upstreamUrl = '', sessions = '', names = '', dataDir = '', databaseUrl] =
  process.argv.slice(2)
const works = names.split(',')
const [model = ''] = works
const settings = Settings.parse({
  upstreams: { up: { wire: 'openai', base_url: `${upstreamUrl}/v1`, api_key_env: 'KEY' } },
  models: works.map((id) => ({ id, upstream: 'up', price: { input: 1, output: 5 } })),
  limits: { total: 1000, per_owner: 1000, per_repository: 1000, per_model: 1000 },
})
const store = await openStore({
  dataDir,
  log: silentLog,
  ...(databaseUrl !== undefined && { databaseUrl }),
})
const context = {
  store,
  log: silentLog,
  settings,
  encryption: createEncryption([randomBytes(keyBytes)]),
  dataDir,
  forge: { apiUrl: 'http://127.0.0.1:9', webUrl: 'http://127.0.0.1:9', token: 'none' },
  programs: builtinPrograms,
  secrets: () => 'the-key-of-the-upstream',
}

async function openSession(index: number): Promise<Place> {
  await createTask(store, {
    prompt: 'p',
    model,
    agent: 'coder',
    base_ref: 'main',
    create_pull_request: false,
    timeout_minutes: 60,
    priority: 0,
    creator: { id: 42, login: 'ada' },
    repository: {
      id: 7,
      full_name: 'acme/sums',
      owner: { id: 1, login: 'acme', type: 'Organization' },
    },
  })
  const lease = await leaseSession(store, {
    runner_id: 'bench',
    lease_seconds: settings.sessions.lease_seconds,
    limits: settings.limits,
  })
  if (lease === undefined) throw new Error('nothing was leased')
  const runDir = join(dataDir, `run-${index}`)
  await mkdir(runDir, { recursive: true })
  const { task, session } = lease
  const gateway = await openGateway(openRun(context, lease, new AbortController().signal), {
    runDir,
    catalogue: await openCatalogue(settings, model, subjectOf(task, session)),
    onQuestion: () => Promise.reject(new Error('not asked')),
    onUsedUp: () => Promise.reject(new Error('not used up')),
    notes: openAgentNotes(),
  })
  const path = `${new URL(gateway.url).pathname}/openai/v1/chat/completions`
  return { socketPath: gateway.socketPath, path }
}

const places: Place[] = []
for (let index = 0; index < Number(sessions); index += 1) places.push(await openSession(index))
process.stdout.write(`${JSON.stringify(places)}\n`)

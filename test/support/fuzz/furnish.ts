import { join } from 'node:path'
import type { Client, PublicKey } from '@errand/contract'
import { sealBox } from '@errand/core'
import { errand } from '../errand-process.ts'
import { eventually } from '../eventually.ts'
import { createRepository } from '../repository.ts'
import { clientFor } from '../start-errand.ts'
import { scriptPrompt } from '../tasks.ts'
import { ownerToken } from '../test-settings.ts'
import type { Operation } from './operation.ts'
import type { Known } from './request.ts'

/** A server with something of each kind. */
export interface World {
  /** What requests to an operation may name. */
  knownTo(operation: Operation): Known
  /** Makes anew what requests take away. */
  refresh(): Promise<void>
}

const sums = { owner: 'acme', repo: 'sums' }
const agentFile = '---\ndescription: Writes the docs\n---\n\nWrite the docs.\n'
const body = { prompt: scriptPrompt('true'), model: 'script' }

/** @param path a folder for what is imported */
export async function furnish(url: string, path: string): Promise<World> {
  const source = join(path, 'source')
  await createRepository(source, { '.github/agents/docs.agent.md': agentFile })
  for (const name of ['acme/sums', 'acme/other', 'acme/spare', 'acme/doomed', 'spare/one']) {
    await errand(url, ['repo', 'import', source, name])
  }
  const client = clientFor(url, ownerToken)
  const call = caller(url)
  for (const name of ['sums', 'other', 'spare']) await openPull(call, name)
  await call('PATCH', '/repos/acme/sums', { private: false })
  const accounts = ['acme', 'owner', 'reader'].map(
    async (login) => await call('GET', `/users/${login}`),
  )
  const idsOf = async (names: string[]) =>
    await Promise.all(names.map(async (name) => idOf(await call('GET', `/repos/${name}`))))
  const fixed: Known = {
    owner: ['acme', 'acme', 'acme', 'acme', 'acme', 'acme', 'ACME', 'owner'],
    org: ['acme'],
    repo: ['sums', 'sums', 'sums', 'other', 'SPARE'],
    username: ['acme', 'owner', 'reader'],
    user_id: (await Promise.all(accounts)).map(idOf),
    model: ['script', 'script', 'script', 'script', 'script', 'script', 'auto', 'scripted'],
    timeout_minutes: ['30'],
    custom_allowlist: ['packages.example.com', 'https://example.com/path/'],
    additional_allowlist: ['packages.example.com'],
    agent: ['script'],
    custom_agent: ['docs'],
    allowed_custom_agents: ['docs'],
    tools: ['create_pull_request', 'add_comment'],
    reasoning_effort: [''],
    expression: ['0 9 * * 1', '*/20 * * * *'],
    time_zone: ['UTC', 'Europe/Berlin'],
    // Neither is ever reached: the one is nowhere, the other is private.
    url: ['https://receiver.invalid/hook', 'https://receiver.invalid/hook', 'http://127.0.0.1:9/'],
    phrase: ['action:task.create', 'actor:owner'],
    q: ['sums'],
    event: ['manual'],
    user: ['owner', 'me'],
    base_ref: ['main'],
    head_ref: ['topic'],
    head: ['topic'],
    base: ['main'],
    repository: ['acme/sums', 'acme/other'],
    branch: ['main', 'topic'],
    ref: ['heads/main', 'heads/topic', 'main'],
    sha: ['main', await shaOf(call, '/repos/acme/sums')],
    basehead: ['main...main', 'main...topic'],
    path: ['README.md', 'src', 'src/sum.js'],
    pull_number: ['1'],
    issue_number: ['1'],
    repository_id: await idsOf(['acme/sums', 'acme/other']),
    repository_id_in_spare: await idsOf(['spare/one']),
    selected_repository_ids: await idsOf(['spare/one']),
    label: ['bug', 'docs'],
    service: ['git-upload-pack', 'git-receive-pack'],
    integration_id: ['standard', 'github'],
    ...(await sealedValue(call)),
  }
  const kept = {
    repos: await keptHook(call, '/repos/acme/sums/hooks'),
    orgs: await keptHook(call, '/orgs/acme/hooks'),
  }
  let fresh: Known = {}
  const world = {
    knownTo: (operation: Operation) => knownTo(operation, { ...fixed, ...fresh }, kept),
    async refresh() {
      const tasks = await several(12, () => client.call('createTask', { params: sums, body }))
      // What has ended can be archived.
      for (const { id } of tasks.slice(0, 4))
        await client.call('cancelTask', { params: { task_id: id } })
      // By its former name, if a request gave it another.
      await call('PATCH', '/repos/acme/spare', { name: 'spare' })
      await call('PUT', '/orgs/spare/copilot/coding-agent/permissions', {
        enabled_repositories: 'selected',
      })
      await refreshValues(call, fixed)
      fresh = {
        task_id: tasks.map(({ id }) => id),
        ...(await refreshWork(client)),
        ...(await refreshForge(call)),
        ...(await signIn(url)),
        spare_hook_repos: await spareHooks(call, '/repos/acme/sums/hooks', kept.repos.hook),
        spare_hook_orgs: await spareHooks(call, '/orgs/acme/hooks', kept.orgs.hook),
      }
    },
  }
  await world.refresh()
  return world
}

/**
 * What changes a repository or an organization as a whole has one for itself: the others would end at a former name, or
 * at a door that was shut. What is in one repository alone is looked for there, and what is deleted is not what others
 * look at.
 */
function knownTo({ name, method }: Operation, known: Known, kept: Kept): Known {
  if (/ \/orgs\/\{org\}\/copilot/.test(name)) {
    return { ...known, org: ['spare'], repository_id: known['repository_id_in_spare'] ?? [] }
  }
  if (name === 'DELETE /repos/{owner}/{repo}')
    return { ...known, owner: ['acme'], repo: ['doomed'] }
  const isWhole = name === 'PATCH /repos/{owner}/{repo}' || name.includes('/cloud-agent/')
  if (isWhole && method !== 'GET') return { ...known, repo: ['spare'] }
  const here = { ...known, owner: ['acme'], repo: ['sums'] }
  if (name.includes('{hook_id}')) {
    const of = name.includes(' /orgs/') ? 'orgs' : 'repos'
    const spare = known[`spare_hook_${of}`] ?? []
    const isChange = method === 'DELETE' || method === 'PATCH'
    const { hook, deliveries } = kept[of]
    return { ...here, hook_id: isChange ? spare : [hook], delivery_id: deliveries }
  }
  if (/\/agents\/variables\/\{name\}/.test(name)) return ofValue(name, here, 'name')
  if (name.includes('/agents/secrets/{secret_name}')) return ofValue(name, here, 'secret_name')
  if (name.includes('/labels/{name}')) return { ...here, name: known['label'] ?? [] }
  return /_id\}|\{label\}|number\}/.test(name) ? here : known
}

/** What is deleted, or gets another name, is not what others look at. */
function ofValue(operation: string, known: Known, key: string): Known {
  const isWhole = /^(DELETE|PATCH) .*\}$/.test(operation) && !operation.includes('repositories')
  return { ...known, [key]: isWhole ? ['SPARE_A', 'SPARE_B', 'SPARE_C'] : ['KEPT'] }
}

/** A secret as it is sent, for every place. */
async function sealedValue(call: Call): Promise<Known> {
  const path = '/repos/acme/sums/agents/secrets/public-key'
  const { key_id, key } = (await call('GET', path)) as PublicKey
  const encrypted = await sealBox('a value', key)
  return { key_id: [key_id], encrypted_value: [encrypted], visibility: ['selected'] }
}

/** Secrets and variables that requests have taken away, or changed. */
async function refreshValues(call: Call, known: Known): Promise<void> {
  const sealed = {
    key_id: known['key_id']?.[0] ?? '',
    encrypted_value: known['encrypted_value']?.[0] ?? '',
  }
  for (const agents of ['/repos/acme/sums/agents', '/orgs/acme/agents']) {
    const reach = agents.startsWith('/orgs/') ? { visibility: 'selected' } : {}
    for (const name of ['KEPT', 'SPARE_A', 'SPARE_B', 'SPARE_C']) {
      await call('PUT', `${agents}/secrets/${name}`, { ...sealed, ...reach })
      await call('DELETE', `${agents}/variables/${name}`).catch(() => undefined)
      await call('POST', `${agents}/variables`, { name, value: 'v', ...reach })
    }
  }
}

interface KeptHook {
  hook: string
  deliveries: string[]
}
type Kept = Record<'repos' | 'orgs', KeptHook>

type Call = (method: string, path: string, body?: object) => Promise<unknown>

function caller(url: string): Call {
  return async (method, path, sent) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${ownerToken}` },
      ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
    })
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`)
    const text = await response.text()
    return text === '' ? undefined : JSON.parse(text)
  }
}

function idOf(answer: unknown): string {
  return String((answer as { id: unknown }).id)
}

function several<T>(count: number, make: (at: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, at) => make(at)))
}

function hookBody(at: number): object {
  // Nothing answers there: each delivery is one that failed.
  return {
    config: { url: `https://receiver.invalid/${at}`, secret: 's' },
    events: ['issue_comment'],
  }
}

async function keptHook(call: Call, path: string): Promise<KeptHook> {
  const hook = idOf(await call('POST', path, hookBody(0)))
  const deliveries = await eventually(
    async () => {
      const found = (await call('GET', `${path}/${hook}/deliveries`)) as unknown[]
      if (found.length === 0) throw new Error('nothing was sent')
      return found.map(idOf)
    },
    { what: 'a delivery', timeoutMs: 60_000 },
  )
  return { hook, deliveries }
}

/** A target has at most twenty: those that requests made go. */
async function spareHooks(call: Call, path: string, kept: string): Promise<string[]> {
  const there = (await call('GET', `${path}?per_page=100`)) as unknown[]
  for (const id of there.map(idOf)) if (id !== kept) await call('DELETE', `${path}/${id}`)
  const made = await several(6, (at) => call('POST', path, hookBody(at + 1)))
  return made.map(idOf)
}

async function refreshWork(client: Client): Promise<Known> {
  const triggers = { cron: { expression: '0 9 * * 1' } }
  const targets = [{ repository: 'acme/sums' }]
  const [automations, campaigns] = await Promise.all([
    several(6, (at) => {
      const name = `weekly ${at}`
      return client.call('createAutomation', { params: sums, body: { ...body, name, triggers } })
    }),
    several(6, () => client.call('createCampaign', { params: {}, body: { ...body, targets } })),
  ])
  return {
    automation_id: automations.map(({ id }) => id),
    campaign_id: campaigns.map(({ id }) => id),
  }
}

async function refreshForge(call: Call): Promise<Known> {
  const pull = '/repos/acme/sums/issues/1'
  const tokens = await several(6, (at) =>
    call('POST', '/user/tokens', { kind: 'classic', name: `spare ${at}`, scopes: [] }),
  )
  const comments = await several(6, (at) => call('POST', `${pull}/comments`, { body: `No. ${at}` }))
  const one = `/repos/acme/sums/issues/comments/${idOf(comments[0])}/reactions`
  const contents = ['+1', '-1', 'heart', 'rocket']
  const reactions = await several(4, (at) => call('POST', one, { content: contents[at] }))
  await call('PUT', `${pull}/labels`, { labels: ['bug', 'docs'] })
  return {
    spare_token_id: tokens.map(idOf),
    comment_id: comments.map(idOf),
    reaction_id: reactions.map(idOf),
  }
}

/** The cookie of somebody who signed in to the pages, and what goes into their forms. */
async function signIn(url: string): Promise<Known> {
  const response = await fetch(`${url}/login`, {
    method: 'POST',
    body: new URLSearchParams({ token: ownerToken }),
    redirect: 'manual',
  })
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';')
  const page = await (await fetch(`${url}/`, { headers: { cookie } })).text()
  const [, token] = /name="form_token" value="([^"]+)"/.exec(page) ?? []
  if (token === undefined) throw new Error(`signed in, but there is no form:\n${page}`)
  return { session: [cookie], form_token: [token] }
}

/** Pull request 1 of a repository, from `topic`. */
async function openPull(call: Call, repo: string): Promise<void> {
  const path = `/repos/acme/${repo}`
  const change = { message: 'docs: topic', content: Buffer.from('t').toString('base64') }
  const sha = await shaOf(call, path)
  await call('POST', `${path}/git/refs`, { ref: 'refs/heads/topic', sha })
  await call('PUT', `${path}/contents/TOPIC.md`, { ...change, branch: 'topic' })
  await call('POST', `${path}/pulls`, { title: 'Topic', head: 'topic', base: 'main' })
}

async function shaOf(call: Call, path: string): Promise<string> {
  const main = await call('GET', `${path}/git/ref/heads/main`)
  return (main as { object: { sha: string } }).object.sha
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Event, PartialConfiguration } from '@errand/contract'
import { changeRepositoryConfiguration } from '@errand/core'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'

import { type Site, startSite } from './firewall/testing/start-site.ts'
import { startTestRunner, type TestRunner } from './testing/start-test-runner.ts'
import { ownerId, repositoryId } from './testing/test-forge.ts'

/** Of this machine, as everything a test can reach; but not the address that boxes have themselves. */
const address = '127.0.0.2'
const ada = { id: 42, login: 'ada' }

let site: Site
let folder: string
let test: TestRunner
let hosts: { https: string; http: string }

beforeAll(async () => {
  site = await startSite({ address })
  hosts = { https: `${address}:${site.ports.https}`, http: `${address}:${site.ports.http}` }
  folder = await mkdtemp(join(tmpdir(), 'errand-session-firewall-'))
  await writeFile(join(folder, 'ca.pem'), site.authority.certificate)
  const firewall = { private_networks: [address], ca_file: join(folder, 'ca.pem') }
  test = await startTestRunner({ settings: { firewall } })
})
afterAll(async () => {
  await test?.[Symbol.asyncDispose]()
  site?.close()
  await rm(folder, { recursive: true, force: true })
})
beforeEach(() => {
  site.seen.length = 0
})

async function configure(document: PartialConfiguration): Promise<void> {
  const repository = {
    id: repositoryId,
    full_name: test.forge.fullName,
    owner: { id: ownerId, login: 'acme' },
  }
  await changeRepositoryConfiguration(test.store, repository, ada, () => document)
}

/** Runs a script as an agent's work, which leaves something to be pushed. */
async function work(script: string, more: object = {}) {
  const prompt = `Look around\n\n\`\`\`sh\n${script}\necho x >> looked\n\`\`\`\n`
  const id = await test.add({ prompt, ...more })
  const task = await test.untilEnded(id)
  const events = await test.events(id)
  const said = events.flatMap(({ data }) => (typeof data.output === 'string' ? data.output : ''))
  return { id, task, events, output: said.join('\n') }
}

function blockedIn(events: readonly Event[]) {
  return events.flatMap(({ type, data }) => (type === 'firewall.blocked' ? [data] : []))
}

it('lets a session’s agent reach what the repository allows, by every way there is, and nothing else', async () => {
  await configure({ custom_allowlist: [`https://${hosts.https}/`, `http://${hosts.http}/open/`] })

  const { task, events, output } = await work(`
    curl -sS https://${hosts.https}/by-tls; echo
    curl -sS http://${hosts.http}/open/plain; echo
    node -e 'fetch("https://${hosts.https}/by-node").then((a) => a.text()).then(console.log)'
    curl -sS http://${hosts.http}/closed; echo
    curl -sS --noproxy '*' -m 5 https://${hosts.https}/direct || echo refused
    node -e '
      const own = require("http").createServer((q, a) => a.end("own " + q.url)).listen(8123, async () => {
        console.log(await (await fetch("http://localhost:8123/loopback")).text())
        own.close()
      })'`)

  expect(task.state).toBe('completed')
  for (const path of ['/by-tls', '/open/plain', '/by-node']) {
    expect(output).toContain(`seen ${path}`)
  }
  expect(output).toContain('own /loopback')
  expect(site.seen.map(({ url }) => url)).not.toContain('/closed')
  expect(site.seen.map(({ url }) => url)).not.toContain('/direct')
  expect(blockedIn(events)).toEqual([
    {
      scheme: 'http',
      host: address,
      port: site.ports.http,
      path: '/closed',
      process: `curl -sS http://${hosts.http}/closed`,
      rule: 'not_allowed',
      is_report_only: false,
    },
  ])
})

it('reads TLS only where an entry has a path, with an authority that all programs believe', async () => {
  await configure({ custom_allowlist: [`https://${hosts.https}/team/`] })

  const { task, events, output } = await work(`
    curl -sS https://${hosts.https}/team/a; echo
    node -e 'fetch("https://${hosts.https}/team/b").then((a) => a.text()).then(console.log)'
    /usr/bin/python3 -c 'import urllib.request as u; print(u.urlopen("https://${hosts.https}/team/c").read().decode())'
    git ls-remote https://${hosts.https}/team/d 2>&1 || true
    curl -sS -v https://${hosts.https}/team/../secret --path-as-is 2>&1 | grep -i issuer
    curl -sS https://${hosts.https}/teams; echo`)

  for (const path of ['/team/a', '/team/b', '/team/c']) expect(output).toContain(`seen ${path}`)
  expect(site.seen.map(({ url }) => url)).toContain('/team/d/info/refs?service=git-upload-pack')
  expect(output).toMatch(/issuer: CN=Errand firewall/)
  expect(blockedIn(events).map(({ path }) => path)).toEqual(['/secret', '/teams'])
  expect(site.seen.map(({ url }) => url)).not.toContain('/secret')
  const body = test.forge.pulls.find(({ head }) => head === task.head_ref)?.body ?? ''
  expect(body).toContain(`> - \`https://${hosts.https}/secret\``)
  expect(body.indexOf('[!WARNING]')).toBeLessThan(body.indexOf('What was run'))
})

it('lets everything pass where it is switched off, but what is private to the runner', async () => {
  await configure({ is_firewall_enabled: false })

  const { events, output } = await work(`
    curl -sS https://${hosts.https}/any; echo
    curl -sS http://127.0.0.3:${site.ports.http}/own; echo
    curl -sS http://169.254.169.254/latest/meta-data/; echo`)

  expect(output).toContain('seen /any')
  expect(blockedIn(events)).toMatchObject([
    { host: '127.0.0.3', rule: 'private_address' },
    { host: '169.254.169.254', rule: 'private_address' },
  ])
})

it('tells what was blocked in a comment where the pull request was there before', async () => {
  await configure({ custom_allowlist: [] })
  await test.forge.commit('theirs', { 'theirs.md': 'x\n' })
  const place = { head: 'theirs', base: 'main', html_url: `${test.forge.url}/acme/sums/pull/99` }
  const pull = {
    id: 1099,
    number: 99,
    state: 'open',
    title: 'Theirs',
    body: 'My own.',
    draft: false,
  }
  test.forge.pulls.push({ ...pull, ...place })

  await work('curl -sS http://late.test/', { head_ref: 'theirs' })

  expect(test.forge.comments).toMatchObject([{ issue: 99 }])
  expect(test.forge.comments[0]?.body).toContain('`http://late.test/`')
})

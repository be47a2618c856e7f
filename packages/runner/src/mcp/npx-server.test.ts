import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, expect, it } from 'vitest'

import { packFolder, registryFiles } from '../firewall/testing/npm-package.ts'
import { startFileSite } from '../firewall/testing/open-box-behind-firewall.ts'
import type { Site } from '../firewall/testing/start-site.ts'
import { fixtureFolder, openTestMcp } from './testing/open-test-mcp.ts'

/** Of this machine; but not the address that boxes have themselves. */
const address = '127.0.0.2'
const name = 'errand-fixture-server'

let site: Site
let url: string
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-npx-'))
  const files = new Map<string, string | Buffer>()
  site = await startFileSite(files, address)
  url = `https://${address}:${site.ports.https}`
  await writeFile(join(folder, 'ca.pem'), site.authority.certificate)
  for (const [path, content] of registryFiles(url, await packServer())) files.set(path, content)
})
afterAll(async () => {
  site?.close()
  await rm(folder, { recursive: true, force: true })
})

/** The fixture as a package of npm's, which may not be TypeScript. */
async function packServer() {
  const source = await readFile(join(fixtureFolder, 'fixture-server.ts'), 'utf8')
  const program = `#!/usr/bin/env node\n${stripTypeScriptTypes(source)}`
  const about = { name, version: '1.0.0', type: 'module', bin: { [name]: 'server.js' } }
  const place = join(folder, name)
  await mkdir(place)
  await writeFile(join(place, 'server.js'), program, { mode: 0o755 })
  await writeFile(join(place, 'package.json'), JSON.stringify(about))
  return await packFolder(place)
}

/** A server as its documentation says to start it, with the registry named. */
function openBehindFirewall(custom_allowlist: string[]) {
  return openTestMcp({
    servers: {
      fetched: {
        type: 'local',
        command: 'npx',
        args: [`${name}@latest`],
        env: { npm_config_registry: `${url}/`, npm_config_fetch_retries: '0' },
        tools: ['sh'],
      },
    },
    configuration: { custom_allowlist },
    settings: {
      firewall: { private_networks: [address], ca_file: join(folder, 'ca.pem') },
      mcp: { start_seconds: 100 },
    },
  })
}

it('npx fetches a server from the registry that the allowlist names, and starts it', async () => {
  await using mcp = await openBehindFirewall([`${url}/`])

  const said = await mcp.say('fetched', 'sh', { command: 'ls ~/.npm/_npx/*/node_modules' })

  expect(said).toContain(name)
  expect(site.seen.map(({ url: path }) => path)).toContain(`/${name}/-/${name}-1.0.0.tgz`)
  expect(await mcp.events('mcp.server')).toMatchObject([{ server: 'fetched', state: 'started' }])
  expect(await mcp.events('firewall.blocked')).toEqual([])
})

it('npx fetches nothing from a registry that is not named: both events say which server wanted to', async () => {
  const seen = site.seen.length

  await using mcp = await openBehindFirewall([])

  expect(mcp.names).toEqual(['forge'])
  expect(site.seen.length).toBe(seen)
  const [failed] = await mcp.events('mcp.server')
  expect(failed).toMatchObject({ server: 'fetched', state: 'failed' })
  expect(failed?.message).toContain('403')
  expect(await mcp.events('firewall.blocked')).toMatchObject([
    { host: address, mcp_server: 'fetched', rule: 'not_allowed' },
  ])
})

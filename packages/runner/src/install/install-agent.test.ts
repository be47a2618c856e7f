import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { AgentFile } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { installAgent } from './install-agent.ts'
import { agentFolder, findInstalled } from './installed.ts'

const run = promisify(execFile)
const entry = AgentFile.parse({
  id: 'goose',
  version: '1.0.0',
  distribution: { npx: { package: 'goose@1.0.0', args: ['acp'], env: { QUIET: '1' } } },
})

let folder: string
let dataDir: string
let archive: Buffer
let url: string
/** Paths that were asked for, and what is answered at each. */
const asked: string[] = []
const files = new Map<string, Buffer | object>()

const server = createServer((request, response) => {
  const path = request.url ?? ''
  asked.push(path)
  const file = files.get(path)
  if (file === undefined) response.writeHead(404).end('{}')
  else response.end(Buffer.isBuffer(file) ? file : JSON.stringify(file))
})

/** A registry with one package, whose script would leave a trace, and whose program says so. */
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-install-'))
  await mkdir(join(folder, 'package'))
  const scripts = { postinstall: `touch ${join(folder, 'script-was-run')}` }
  const manifest = { name: 'goose', version: '1.0.0', bin: { goose: 'goose.sh' }, scripts }
  await writeFile(join(folder, 'package', 'package.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'package', 'goose.sh'), '#!/bin/sh\necho honk "$@"\n')
  await chmod(join(folder, 'package', 'goose.sh'), 0o755)
  await run('tar', ['-czf', 'goose.tgz', 'package'], { cwd: folder })
  archive = await readFile(join(folder, 'goose.tgz'))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})

let number = 0
beforeEach(() => {
  number += 1
  dataDir = join(folder, `data-${number}`)
  asked.length = 0
  files.clear()
  publish(archive)
})

function publish(tarball: Buffer): void {
  const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`
  const dist = { tarball: `${url}/goose/-/goose-1.0.0.tgz`, integrity }
  const version = { name: 'goose', version: '1.0.0', bin: { goose: 'goose.sh' }, dist }
  files.set('/goose', {
    name: 'goose',
    'dist-tags': { latest: '1.0.0' },
    versions: { '1.0.0': version },
  })
  files.set('/goose/-/goose-1.0.0.tgz', tarball)
}

function install(agent = entry) {
  const variables: Record<string, string | undefined> = {
    PATH: process.env.PATH,
    npm_config_registry: url,
  }
  const variable = (name: string): string | undefined => variables[name]
  const { signal } = new AbortController()
  return installAgent({ dataDir, variable, signal }, 'goose', agent)
}

it('installs a package once for two who want it, runs nothing of it, and records its sums', async () => {
  const [one, other] = await Promise.all([install(), install()])

  expect(one).toEqual(other)
  expect(one).toMatchObject({ version: '1.0.0', args: ['acp'], env: { QUIET: '1' } })
  expect((await run(one.command, ['1'])).stdout).toBe('honk 1\n')
  expect(asked.filter((path) => path.endsWith('.tgz'))).toHaveLength(1)
  await expect(stat(join(folder, 'script-was-run'))).rejects.toThrow('ENOENT')
  const lock = await readFile(join(agentFolder(dataDir, 'goose'), 'package-lock.json'), 'utf8')
  expect(lock).toContain('sha512-')
  expect(await findInstalled(dataDir, 'goose', entry)).toEqual(one)
})

it('refuses a package whose bytes are not those that were recorded', async () => {
  const { folder: place } = await install()
  await rm(place, { recursive: true })
  await writeFile(join(folder, 'package', 'goose.sh'), '#!/bin/sh\necho other\n')
  await run('tar', ['-czf', 'other.tgz', 'package'], { cwd: folder })
  publish(await readFile(join(folder, 'other.tgz')))

  await expect(install()).rejects.toThrow(/npm could not install the agent goose: .*EINTEGRITY/s)

  expect(await findInstalled(dataDir, 'goose', entry)).toBeUndefined()
  const left = await readdir(agentFolder(dataDir, 'goose'))
  expect(left.filter((name) => name.startsWith('.unfinished'))).toEqual([])
})

it('clears away what an installation has left that was killed', async () => {
  const unfinished = join(agentFolder(dataDir, 'goose'), '.unfinished-1', 'node_modules')
  await mkdir(unfinished, { recursive: true })

  await install()

  expect(await readdir(agentFolder(dataDir, 'goose'))).not.toContain('.unfinished-1')
})

it('says what npm says where the package is not there', async () => {
  files.clear()

  await expect(install()).rejects.toThrow(/npm could not install the agent goose: .*404/s)
})

function binaryEntry(sha256?: string) {
  const platform = `linux-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`
  const archived = { archive: `${url}/goose.tar.gz`, cmd: './package/goose.sh', args: ['acp'] }
  const binary = { [platform]: { ...archived, ...(sha256 !== undefined && { sha256 }) } }
  return AgentFile.parse({ id: 'goose', version: '../1.0', distribution: { binary } })
}

it('installs an archive with the sum the operator gave, and no other', async () => {
  files.set('/goose.tar.gz', archive)
  const sum = createHash('sha256').update(archive).digest('hex')

  await expect(install(binaryEntry())).rejects.toThrow(/without a sum/)
  await expect(install(binaryEntry('0'.repeat(64)))).rejects.toThrow(`its sha256 is ${sum}`)
  const installed = await install(binaryEntry(sum.toUpperCase()))

  expect(installed.folder.startsWith(agentFolder(dataDir, 'goose'))).toBe(true)
  expect((await run(installed.command)).stdout).toMatch(/honk|other/)
})

it('says which distributions it does not install', async () => {
  const uvx = AgentFile.parse({
    id: 'goose',
    version: '1',
    distribution: { uvx: { package: 'a' } },
  })

  await expect(install(uvx)).rejects.toThrow(/its distribution is uvx/)
})

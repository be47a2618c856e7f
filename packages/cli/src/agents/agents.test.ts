import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { shippedAgents } from '@errand/agents'
import { AgentFile, unknownPlaceholder } from '@errand/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { runCli } from '../testing/run-cli.ts'

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'errand-cli-agents-'))
})
afterEach(() => rm(cwd, { recursive: true, force: true }))

async function readJson(...path: string[]): Promise<unknown> {
  return JSON.parse(await readFile(join(...path), 'utf8'))
}

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ integrity: z.string().optional(), resolved: z.string().optional() }),
  ),
})

describe.each(Object.entries(shippedAgents))('the entry of %s', (name, folder) => {
  it('is right, and at the version of its lock file, where every file has its sum', async () => {
    const entry = AgentFile.parse(await readJson(folder, 'agent.json'))
    const manifest = await readJson(folder, 'package.json')
    const lock = Lock.parse(await readJson(folder, 'package-lock.json'))

    expect(entry.id).toBe(name)
    expect(unknownPlaceholder(entry)).toBeUndefined()
    const [, packageName, version] =
      /^(.+)@([^@]+)$/.exec(entry.distribution?.npx?.package ?? '') ?? []
    expect(manifest).toMatchObject({ dependencies: { [packageName ?? '']: version } })
    const { '': _, ...packages } = lock.packages
    const unsummed = Object.entries(packages).filter(([, { integrity }]) => integrity === undefined)
    expect(unsummed).toEqual([])
    // Where it was downloaded from is nobody's business.
    expect(JSON.stringify(lock)).not.toContain('resolved')
  })
})

describe('errand agent', () => {
  it('lists what there is, and what is installed', async () => {
    const { out } = await runCli(['agent', 'list', '--json'], { cwd })
    const agents: unknown = JSON.parse(out)

    expect(agents).toContainEqual(expect.objectContaining({ name: 'coder', installed: true }))
    expect(agents).toContainEqual(
      expect.objectContaining({ name: 'codex', installed: false, apis: ['responses'] }),
    )
  })

  it('says what can be installed', async () => {
    const { err, code } = await runCli(['agent', 'install', 'codx'], { cwd })

    expect(code).toBe(1)
    expect(err).toMatch(/There is no agent codx to be installed.*codex/s)
  })

  it('adds an entry with the sum its operator gives, for the server to know', async () => {
    const archive = 'https://example.com/goose.tar.gz'
    const platform = `linux-${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}`
    const binary = { [platform]: { archive, cmd: './goose' } }
    const entry = { id: 'goose', version: '1.0.0', distribution: { binary }, authors: ['a goose'] }
    await writeFile(join(cwd, 'agent.json'), JSON.stringify(entry))

    const added = await runCli(['agent', 'add', 'agent.json', '--sha256', '0'.repeat(64)], { cwd })
    const { out } = await runCli(['agent', 'list', '--json'], { cwd })

    expect(added).toMatchObject({ code: 0, out: expect.stringContaining('goose is added') })
    expect(JSON.parse(out)).toContainEqual(
      expect.objectContaining({ name: 'goose', installed: false, version: '1.0.0-000000000000' }),
    )
  })

  it.each([
    ['what is no JSON', 'nonsense', [], /is not JSON/],
    ['what names no program', '{"id":"goose"}', [], /must have a `command` or a `distribution`/],
    [
      'what is not installed by Errand',
      '{"id":"goose","distribution":{"uvx":{}}}',
      [],
      /installs from npm/,
    ],
    [
      'a name that Errand comes with',
      '{"id":"codex","distribution":{"npx":{"package":"a@1.0.0"}}}',
      [],
      /codex is an agent that Errand comes with/,
    ],
    [
      'a name that leads elsewhere',
      '{"id":"../x","distribution":{"npx":{"package":"a@1.0.0"}}}',
      [],
      /can be a name here/,
    ],
    [
      'an unknown placeholder',
      '{"id":"g","command":"g","env":{"A":"${secret}"}}',
      [],
      /nothing is known of \$\{secret\}/,
    ],
  ])('does not add %s', async (_, text, flags: string[], reason) => {
    await writeFile(join(cwd, 'agent.json'), text)

    const { err, code } = await runCli(['agent', 'add', 'agent.json', ...flags], { cwd })

    expect(code).toBe(1)
    expect(err).toMatch(reason)
  })

  it('says which file of an agent is broken', async () => {
    const folder = join(cwd, '.errand', 'agents', 'goose')
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'agent.json'), '{')

    const { err, code } = await runCli(['agent', 'list'], { cwd })

    expect(code).toBe(1)
    expect(err).toContain('is not an agent')
  })
})

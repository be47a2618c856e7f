import { execFileSync } from 'node:child_process'
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, Settings } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createLog } from '../serve/log.ts'
import { type RunningServer, startServer } from '../serve/start-server.ts'
import { runCli } from '../testing/run-cli.ts'

const token = `ghp_${'import0123'.repeat(4).slice(4)}`

let folder: string
let server: RunningServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'errand-import-test-'))
  const settings = Settings.parse({
    port: 0,
    data: join(folder, 'data'),
    admin_token: token,
    runner: { enabled: false },
  })
  const log = createLog('silent', {
    write: () => {},
    isInteractive: false,
    paint: (_, text) => text,
  })
  server = await startServer(settings, {}, log)
})
afterAll(async () => {
  await server.close()
  rmSync(folder, { recursive: true, maxRetries: 5 })
})

let source: string
let count = 0
beforeEach(() => {
  count += 1
  source = join(folder, `source-${count}`)
  execFileSync('git', ['init', '-q', '-b', 'trunk', source])
})

function git(...args: string[]): string {
  const identity = ['-c', 'user.name=A', '-c', 'user.email=a@b']
  return execFileSync('git', [...identity, '-C', source, ...args], { encoding: 'utf8' }).trim()
}

function commit(text: string): string {
  writeFileSync(join(source, 'file'), text)
  git('add', '.')
  git('commit', '-q', '-m', text)
  return git('rev-parse', 'HEAD')
}

function errand(...args: string[]) {
  return runCli(args, { environment: { ERRAND_URL: server.url, ERRAND_TOKEN: token }, cwd: folder })
}

async function branches(name: string): Promise<Record<string, string>> {
  const client = createClient({ baseUrl: server.url, token })
  const response = await client.request('GET', `/repos/${name}/branches`)
  const list = (await response.json()) as { name: string; commit: { sha: string } }[]
  return Object.fromEntries(list.map(({ name, commit }) => [name, commit.sha]))
}

async function defaultBranch(name: string): Promise<string> {
  const client = createClient({ baseUrl: server.url, token })
  const response = await client.request('GET', `/repos/${name}`)
  return ((await response.json()) as { default_branch: string }).default_branch
}

describe('errand repo import', () => {
  it('copies branches and tags of a folder, with its default branch', async () => {
    const trunk = commit('one')
    git('tag', 'v1')
    git('checkout', '-q', '-b', 'aside')
    const aside = commit('two')
    git('checkout', '-q', 'trunk')

    const { out, code, err } = await errand('repo', 'import', source, `owner/r${count}`)

    expect([err, code, out]).toEqual(['', 0, `${server.url}/owner/r${count}\n`])
    expect(await branches(`owner/r${count}`)).toEqual({ trunk, aside })
    expect(await defaultBranch(`owner/r${count}`)).toBe('trunk')
    expect((await errand('repo', 'list')).out).toContain(`owner/r${count}\tprivate\ttrunk\t`)
  })

  it('adds what is new when it is run again, and overwrites nothing', async () => {
    commit('one')
    await errand('repo', 'import', source, `owner/r${count}`)
    const two = commit('two')

    expect((await errand('repo', 'import', source, `owner/r${count}`)).code).toBe(0)
    expect(await branches(`owner/r${count}`)).toEqual({ trunk: two })

    git('commit', '-q', '--amend', '-m', 'rewritten')
    const { code, err } = await errand('repo', 'import', source, `owner/r${count}`)
    expect(code).toBe(1)
    expect(err).toContain('rejected')
    expect(await branches(`owner/r${count}`)).toEqual({ trunk: two })
  })

  it('imports a checkout that has a commit and no branch, as CI has it', async () => {
    const sha = commit('one')
    git('checkout', '-q', '--detach')
    git('branch', '-q', '-D', 'trunk')

    expect((await errand('repo', 'import', source, `owner/r${count}`)).code).toBe(0)
    expect(await branches(`owner/r${count}`)).toEqual({ main: sha })
  })

  it('completes a shallow clone from where it was cloned', async () => {
    commit('one')
    const sha = commit('two')
    const shallow = join(folder, `shallow-${count}`)
    execFileSync('git', ['clone', '-q', '--depth', '1', `file://${source}`, shallow])

    const { code, err } = await errand('repo', 'import', shallow, `owner/r${count}`)

    expect([err, code]).toEqual(['', 0])
    expect(await branches(`owner/r${count}`)).toEqual({ trunk: sha })
    const commits = await createClient({ baseUrl: server.url, token }).request(
      'GET',
      `/repos/owner/r${count}/commits`,
    )
    expect(await commits.json()).toHaveLength(2)
  })

  it('leaves a shallow clone alone when its history is out of reach, and says what to do', async () => {
    commit('one')
    commit('two')
    const shallow = join(folder, `orphan-${count}`)
    execFileSync('git', ['clone', '-q', '--depth', '1', `file://${source}`, shallow])
    rmSync(source, { recursive: true })

    const { code, err } = await errand('repo', 'import', shallow, `owner/r${count}`)

    expect(code).toBe(1)
    expect(err).toContain('is a shallow clone, and the rest cannot be fetched: ')
    expect(err).toContain('Run `git fetch --unshallow` in it first.')
  })

  it.runIf(process.getuid?.() === 0)(
    'imports a folder of another user, running nothing of it',
    async () => {
      commit('one')
      const hook = join(source, '.git', 'hooks', 'pre-push')
      writeFileSync(hook, `#!/bin/sh\ntouch ${join(folder, 'ran')}\n`, { mode: 0o755 })
      for (const path of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
        chownSync(join(source, path), 1234, 1234)
      }
      chownSync(source, 1234, 1234)

      const { code, err } = await errand('repo', 'import', source, `owner/r${count}`)

      expect([err, code]).toEqual(['', 0])
      expect(readdirSync(folder)).not.toContain('ran')
    },
  )

  it('says so when there is nothing to import', async () => {
    const { code, err } = await errand('repo', 'import', source, `owner/r${count}`)

    expect(code).toBe(1)
    expect(err).toContain('has no commits: there is nothing to import.')
  })

  it('says so when the source is no repository', async () => {
    const { code, err } = await errand('repo', 'import', '/nonexistent', `owner/r${count}`)

    expect([code, err]).toEqual([
      1,
      "git clone failed: fatal: repository '/nonexistent' does not exist.\n",
    ])
  })

  it('leaves nothing behind in the folder for temporary files', async () => {
    commit('one')
    const scratch = join(folder, 'tmp')
    mkdirSync(scratch)
    vi.stubEnv('TMPDIR', scratch)

    await errand('repo', 'import', source, `owner/r${count}`)

    vi.unstubAllEnvs()
    expect(readdirSync(scratch)).toEqual([])
  })
})

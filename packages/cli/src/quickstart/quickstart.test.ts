import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { repositoryName } from './quickstart.ts'

const bin = fileURLToPath(new URL('../../bin/errand.js', import.meta.url))

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-quickstart-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it.each([
  ['/home/me/code/shop', 'shop'],
  ['/home/me/code/shop/', 'shop'],
  ['https://example.com/me/shop.git', 'shop'],
  ['git@example.com:shop.git', 'shop'],
  ['/srv/My Shop (old)', 'My-Shop-old-'],
  ['/', 'repository'],
])('calls the repository of %s %s', (source, name) => {
  expect(repositoryName(source)).toBe(name)
})

/** What a real repository needs for its agents may take minutes. */
const setupSteps = `
on: workflow_dispatch
jobs:
  copilot-setup-steps:
    runs-on: ubuntu-latest
    steps: [{ run: sleep 600 }]
`

function createSource(): string {
  const source = join(folder, 'shop')
  const git = (...args: string[]): void => {
    execFileSync('git', ['-c', 'user.name=A', '-c', 'user.email=a@b', '-C', source, ...args])
  }
  execFileSync('git', ['init', '-q', '-b', 'trunk', source])
  writeFileSync(join(source, 'package.json'), '{\n  "name": "shop",\n  "version": "1.0.0"\n}\n')
  mkdirSync(join(source, '.github', 'workflows'), { recursive: true })
  writeFileSync(join(source, '.github', 'workflows', 'copilot-setup-steps.yml'), setupSteps)
  git('add', '.')
  git('commit', '-q', '-m', 'chore: start')
  git('tag', 'v1.0.0')
  git('commit', '-q', '--allow-empty', '-m', 'feat: sell things')
  return source
}

function start(...args: string[]) {
  const child = spawn(
    process.execPath,
    [bin, 'quickstart', '--data', join(folder, 'data'), ...args],
    {
      env: { PATH: process.env.PATH, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  const lines: string[] = []
  const output = createInterface({ input: child.stdout })
  output.on('line', (line) => lines.push(line))
  child.stderr.on('data', (text: Buffer) => lines.push(text.toString()))
  return { child, lines, output, exited: once(child, 'close') }
}

// Each starts a server of its own, which on a busy machine takes its time.
describe('errand quickstart', { timeout: 180_000 }, () => {
  it('--once imports, runs the task, shows the pull request, and ends with 0', async () => {
    const { lines, exited } = start('--once', '--port', '0', '--repo', createSource())

    const [code] = await exited

    const shown = lines.join('\n')
    expect({ code, shown: code === 0 ? '' : shown }).toEqual({ code: 0, shown: '' })
    expect(shown).toMatch(/Errand is running at http:\/\/127\.0\.0\.1:\d+/)
    expect(shown).toContain('as owner/shop')
    expect(shown).toContain('The recipe release does it')
    expect(shown).toContain(
      'The setup steps of .github/workflows/copilot-setup-steps.yml are not run',
    )
    expect(shown).toContain('Pull request #1: chore: release 1.1.0')
    expect(shown).toMatch(/package\.json +\| +2 \+-/)
    expect(shown).toContain('+  "version": "1.1.0"')
    expect(shown).toContain('- sell things (')
    expect(shown).toContain('git clone has fetched the branch errand/')
    expect(shown).toMatch(/pull request {2}http:.*\/owner\/shop\/pull\/1/)
  })

  it('takes a shallow clone, as CI makes them, when its history is out of reach', async () => {
    const source = createSource()
    const shallow = join(folder, 'ci', 'shop')
    execFileSync('git', ['clone', '-q', '--depth', '1', `file://${source}`, shallow])
    rmSync(source, { recursive: true })

    const { lines, exited } = start('--once', '--port', '0', '--repo', shallow)
    const [code] = await exited

    const shown = lines.join('\n')
    expect({ code, shown: code === 0 ? '' : shown }).toEqual({ code: 0, shown: '' })
    expect(shown).toMatch(/is a shallow clone, and the rest cannot be fetched: .* one commit\./)
    expect(shown).toContain('Pull request #1: chore: release 1.0.0')
  })

  it('serves on until it is told to stop, and its branch can be cloned', async () => {
    const { child, lines, output, exited } = start('--port', '0', '--repo', createSource())
    for await (const line of output) if (line.includes('goes on serving')) break

    const command = lines
      .find((line) => line.includes('git clone -b'))
      ?.replace(/.*(?=git clone)/, '')
    expect(command).toMatch(/^git clone -b errand\//)
    execFileSync('sh', ['-c', `${command} ${join(folder, 'clone')}`], { stdio: 'pipe' })
    child.kill('SIGINT')

    expect(await exited).toEqual([0, null])
    expect(readFileSync(join(folder, 'clone', 'package.json'), 'utf8')).toContain('"1.1.0"')
  })

  it('says what is wrong with a source that is no repository, and ends with 1', async () => {
    const { lines, exited } = start('--once', '--port', '0', '--repo', join(folder, 'nothing'))

    const [code] = await exited

    expect(code).toBe(1)
    expect(lines.join('\n')).toMatch(
      /git clone failed: fatal: repository .*nothing.* does not exist/,
    )
  })
})

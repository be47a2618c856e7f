import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const bin = fileURLToPath(new URL('../bin/errand.js', import.meta.url))

/** The system's Node where it is older than ours: what `npx errand` is first started with. */
const olderNode = ['/usr/local/bin/node', '/usr/bin/node'].find(
  (path) => existsSync(path) && majorOf(path) < 24 && majorOf(path) >= 20,
)

function majorOf(node: string): number {
  return Number(
    execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'], { encoding: 'utf8' }),
  )
}

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-bin-'))
})
afterEach(() => rmSync(home, { recursive: true }))

function start(node: string, environment: Record<string, string>, ...args: string[]): ChildProcess {
  const env = { PATH: process.env.PATH, HOME: home, ...environment }
  return spawn(node, [bin, ...args], { env, cwd: home, stdio: ['pipe', 'pipe', 'pipe'] })
}

function run(node: string, ...args: string[]) {
  const env = { PATH: process.env.PATH, HOME: home }
  const { status, stdout, stderr } = spawnSync(node, [bin, ...args], {
    env,
    cwd: home,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe.each([
  ['the Node it needs', process.execPath],
  ...(olderNode === undefined ? [] : [['an older Node', olderNode]]),
])('errand, started with %s', (_, node) => {
  it('runs under Node 24 or newer, says what it has to, and gives its exit code', () => {
    expect(run(node, '--version')).toEqual({ status: 0, stdout: '0.1.0\n', stderr: '' })
    expect(run(node, 'list')).toMatchObject({ status: 4, stdout: '' })
  })

  it('keeps what Node compiles of it in the user’s cache folder', () => {
    run(node, '--version')

    expect(readdirSync(join(home, '.cache/errand/node'))).toHaveLength(1)
  })

  const shared = (folder: string) => {
    mkdirSync(folder)
    chmodSync(folder, 0o777)
    return folder
  }
  const ofOther = (folder: string) => {
    mkdirSync(folder)
    chownSync(folder, 64_100, 64_100)
    return folder
  }
  const ofSomebodyElse: [string, () => Record<string, string>] = [
    'it is somebody else’s',
    () => ({ XDG_CACHE_HOME: ofOther(join(home, 'other')) }),
  ]
  it.each<[string, () => Record<string, string>]>([
    ['there is no home', () => ({ HOME: join(home, 'none') })],
    ['no home is named', () => ({})],
    ['the home is empty', () => ({ HOME: '' })],
    ['it would be a folder of where it is called', () => ({ XDG_CACHE_HOME: '.cache' })],
    ['anybody could write to it', () => ({ XDG_CACHE_HOME: shared(join(home, 'shared')) })],
    ...(process.getuid?.() === 0 ? [ofSomebodyElse] : []),
  ])('keeps nothing where %s', (_what, environment) => {
    const env = { PATH: process.env.PATH, ...environment() }
    const options = { env, cwd: home, encoding: 'utf8' } as const
    const { status, stderr } = spawnSync(node, [bin, '--version'], options)

    expect([status, stderr]).toEqual([0, ''])
    expect(readdirSync(home, { recursive: true }).join()).not.toContain('errand')
  })

  it('keeps an --env-file for itself: Node would load what is secret in it, or not start', () => {
    const link = join(home, 'errand')
    symlinkSync(bin, link)
    const env = {
      PATH: `${dirname(node)}:${process.env.PATH}`,
      HOME: home,
      ERRAND_URL: 'http://127.0.0.1:1/',
      ERRAND_TOKEN: 'ghp_x',
    }

    const args = ['secret', 'set', '-R', 'a/b', '--env-file', 'none.env']
    const { status, stderr } = spawnSync(link, args, { env, cwd: home, encoding: 'utf8' })

    expect([status, stderr]).toEqual([1, `${join(home, 'none.env')} does not exist.\n`])
  })

  it('runs when it is called by a link, as npx does', () => {
    const link = join(home, 'errand')
    symlinkSync(bin, link)

    expect(execFileSync(node, [link, '--version'], { encoding: 'utf8' })).toBe('0.1.0\n')
  })

  it.each(['SIGINT', 'SIGTERM'] as const)('passes %s on, and ends with 2', async (signal) => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const asked = once(server, 'request')
    const child = start(node, { ERRAND_URL: `http://127.0.0.1:${port}`, ERRAND_TOKEN: 'x' }, 'list')
    const exited = once(child, 'exit')

    // It waits for an answer, which never comes.
    await asked
    child.kill(signal)

    expect(await exited).toEqual([2, null])
    server.closeAllConnections()
    server.close()
  })
})

it('shows no stack to a user, but to one who asks for it', () => {
  const plain = run(process.execPath, 'create', 'x', '-R', 'nonsense')
  const env = { PATH: process.env.PATH, HOME: home, ERRAND_DEBUG: '1' }
  const debug = spawnSync(process.execPath, [bin, 'create', 'x', '-R', 'nonsense'], {
    env,
    encoding: 'utf8',
  })

  expect(plain.stderr.split('\n')).toHaveLength(2)
  expect(debug.stderr).toContain('    at ')
  expect([plain.status, debug.status]).toEqual([4, 4])
})

it('ends quietly when nobody reads on', () => {
  const script = `"${process.execPath}" "${bin}" list --help | head -n 1`

  const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })

  expect([stdout, stderr]).toEqual(['Usage: errand list [options]\n', ''])
})

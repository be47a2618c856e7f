import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'

const bootstrap = fileURLToPath(new URL('../../../../script/bootstrap', import.meta.url))

/** A machine's programs, in one folder: only those that are linked or written there can be run. */
let programs: string
beforeEach(() => {
  programs = mkdtempSync(join(tmpdir(), 'errand-programs-'))
  for (const name of ['bash', 'cat', 'dirname', 'env', 'flock', 'id']) link(name)
  symlinkSync(process.execPath, join(programs, 'node'))
  program('npm', 'echo "npm $*" >>"$(dirname "$0")/calls"; exit 1')
  program('git', 'true')
  program('bwrap', 'true')
})
afterEach(() => rmSync(programs, { recursive: true }))

function link(name: string): void {
  const path = ['/usr/bin', '/bin'].map((dir) => join(dir, name)).find(existsSync)
  if (path === undefined) throw new Error(`this machine has no ${name}`)
  symlinkSync(path, join(programs, name))
}

function program(name: string, script: string): void {
  const path = join(programs, name)
  rmSync(path, { force: true })
  writeFileSync(path, `#!${join(programs, 'bash')}\n${script}\n`)
  chmodSync(path, 0o755)
}

function run() {
  const env = { PATH: programs, HOME: programs }
  const { status, stdout, stderr } = spawnSync(bootstrap, { env, encoding: 'utf8', input: '' })
  return { status, stdout, stderr }
}

function calls(): string {
  const path = join(programs, 'calls')
  return existsSync(path) ? readFileSync(path, 'utf8') : ''
}

it('does and says nothing when everything is there', () => {
  expect(run()).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(calls()).toBe('')
})

it('installs what is missing by apt-get as root, and says so in one line', () => {
  rmSync(join(programs, 'git'))
  rmSync(join(programs, 'bwrap'))
  program('id', 'echo 0')
  program('apt-get', 'echo "apt-get $*" >>"$(dirname "$0")/calls"')

  const { status, stderr } = run()

  expect([status, stderr]).toEqual([0, "Installing from the system's packages: git bubblewrap\n"])
  expect(calls().split('\n')).toEqual([
    'apt-get update -qq',
    'apt-get install -y -qq --no-install-recommends git bubblewrap',
    '',
  ])
})

it('installs as a user who can sudo, without asking where nobody can answer', () => {
  rmSync(join(programs, 'bwrap'))
  program('id', 'echo 1000')
  program('apt-get', 'true')
  program('sudo', 'echo "sudo $*" >>"$(dirname "$0")/calls"; shift; exec "$@"')

  expect(run().status).toBe(0)
  expect(calls()).toContain('sudo -n apt-get update -qq\n')
})

it.each([
  [
    'without sudo',
    'echo 1000',
    'bubblewrap is missing. Run this as root, or install it: apt-get install bubblewrap',
  ],
])('says what to do for a user %s', (_, id, message) => {
  rmSync(join(programs, 'bwrap'))
  program('id', id)
  program('apt-get', 'true')

  const { status, stderr } = run()

  expect([status, stderr]).toEqual([1, `${message}\n`])
})

it('says what to do on a system without apt-get', () => {
  rmSync(join(programs, 'bwrap'))

  const { status, stderr } = run()

  expect(status).toBe(1)
  expect(stderr).toContain('bubblewrap cannot be installed here without apt-get.')
})

it('wants Node and npm, and a Node that is new enough', () => {
  program('node', 'if [ "$1" = -p ]; then echo 18; else echo v18.20.0; fi')
  const old = run()
  rmSync(join(programs, 'npm'))
  const none = run()

  expect([old.status, old.stderr]).toEqual([
    1,
    'bootstrap: Node 20 or newer is needed, and this is v18.20.0.\n',
  ])
  expect(none.status).toBe(1)
  expect(none.stderr).toContain('Install the packages nodejs and npm first.')
})

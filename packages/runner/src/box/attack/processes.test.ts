import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { eventually } from '../testing/eventually.ts'
import { openTestBox } from '../testing/open-test-box.ts'

const children: ChildProcess[] = []
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-killed-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  await rm(folder, { recursive: true })
})

/** A runner of its own, whose box has the script as agent and as command. */
function startRunner(script: string): ChildProcess {
  const program = new URL('../testing/runner.ts', import.meta.url).pathname
  const runner = spawn(process.execPath, ['--conditions=errand-source', program, script], {
    env: { PATH: '/usr/bin:/bin', TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.push(runner)
  return runner
}

/** How many processes of the host, in whatever box, have the mark on their command line. */
function countMarked(mark: string): number {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(mark)
    } catch {
      return false // it ended while we looked
    }
  }).length
}

/** A number of seconds nobody else sleeps. */
function uniqueSleep(): string {
  return `${10_000 + Math.floor(Math.random() * 1e6)}.${process.pid}`
}

describe('an agent that starts processes', () => {
  it('is held at its number by a fork bomb, and the host can still end it', async () => {
    const sleep = uniqueSleep()
    await using test = await openTestBox({ settings: { processes: 64 } })

    const bomb = await test.box.spawnAgent('perl', ['-e', 'fork while 1', sleep], {})
    await eventually(() => expect(countMarked(sleep)).toBeGreaterThan(30))
    const most = countMarked(sleep)
    await test.box.close()

    expect(most).toBeLessThan(64)
    expect(countMarked(sleep)).toBe(0)
    expect(await bomb.exited).toMatchObject({ signal: 'SIGKILL' })
  })

  it('does not take from another box what it may have', async () => {
    await using first = await openTestBox({ settings: { processes: 40 } })
    await using second = await openTestBox({ settings: { processes: 40 } })
    // Each child waits; the parent says how many there are.
    const many =
      'for (1..20) { defined(my $p = fork) or last; $p or sleep 1000; $n++ } $|=1; print $n; sleep 1000'

    const agents = await Promise.all(
      [first, second].map((test) => test.box.spawnAgent('perl', ['-e', many], {})),
    )
    const counts = await Promise.all(
      agents.map(async ({ stdout }) => String(await once(stdout, 'data'))),
    )

    expect(counts).toEqual(['20', '20'])
  })

  it('leaves none behind when it ends, however it hid them', async () => {
    const sleep = uniqueSleep()
    await using test = await openTestBox()

    const result = await test.agent(`
      (setsid nohup sleep ${sleep} >/dev/null 2>&1 &)
      (trap '' HUP TERM INT; setsid sh -c 'trap "" TERM; sleep ${sleep}; sleep ${sleep}' &)
      sleep 0.1; exit 0`)

    expect(result.code).toBe(0)
    expect(countMarked(sleep)).toBe(0)
  })

  it('leaves none behind when the box is closed', async () => {
    const sleep = uniqueSleep()
    await using test = await openTestBox()

    await test.box.spawnAgent('sh', ['-c', `setsid sleep ${sleep} & sleep ${sleep}`], {})
    const command = test.sh(`setsid sleep ${sleep} & sleep ${sleep}`)
    await eventually(() => expect(countMarked(`sleep\0${sleep}`)).toBe(4))
    await test.box.close()

    expect(countMarked(sleep)).toBe(0)
    expect(await command).toMatchObject({ reason: 'closed' })
  })

  it('leaves none behind when the runner is killed', async () => {
    const sleep = uniqueSleep()
    const runner = startRunner(`setsid sleep ${sleep} & sleep ${sleep}`)
    await eventually(() => expect(countMarked(`sleep\0${sleep}`)).toBe(4))

    runner.kill('SIGKILL')

    await once(runner, 'exit')
    await eventually(() => expect(countMarked(sleep)).toBe(0))
  })

  it('leaves none behind when the runner is killed while a box comes up', async () => {
    const sleep = uniqueSleep()

    // The moments spread over what a runner takes until its agent runs.
    for (let round = 0; round < 10; round++) {
      const runner = startRunner(`sleep ${sleep}`)
      await delay(100 + round * 30)
      runner.kill('SIGKILL')
      await once(runner, 'exit')
    }

    await eventually(() => {
      expect(countMarked(sleep)).toBe(0)
      expect(countMarked(folder)).toBe(0)
    })
  })

  it('kills nothing outside', async () => {
    const bystander = spawn('sleep', ['1000'])
    children.push(bystander)
    await using test = await openTestBox()

    const result = await test.agent(`
      kill -9 ${bystander.pid} && echo killed; kill -9 ${process.pid} && echo killed
      kill -9 ${process.ppid} && echo killed; kill -9 -1`)

    // Killing everything it could reach took its own launcher with it.
    expect(result).toMatchObject({ stdout: '', signal: 'SIGKILL' })
    expect(bystander.exitCode ?? bystander.signalCode).toBe(null)
  })

  it('cannot raise its limits or its priority', async () => {
    await using test = await openTestBox({ settings: { processes: 100, open_files: 100 } })

    const result = await test.agent(`
      (ulimit -u 1000) 2>/dev/null && echo more processes
      (ulimit -n 1000) 2>/dev/null && echo more files
      (ulimit -c 1) 2>/dev/null && echo a core
      prlimit --pid $$ --nofile=9999 2>/dev/null && echo prlimit
      renice -n -5 $$ 2>/dev/null && echo renice; chrt -f 1 true 2>/dev/null && echo realtime; true`)

    expect(result.stdout).not.toMatch(/more|core|prlimit|realtime/)
    expect(result.stdout).toBe('')
  })
})

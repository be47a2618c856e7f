import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { StartedAgent } from './start-agent.ts'

/** An agent to be tried, and what makes it do what the suite needs. */
export interface Conformant {
  agent: StartedAgent
  /** A prompt on which it appends a line to `file` in the workspace, and ends. */
  appends(file: string, line: string): string
  /** A prompt on which it starts `sleep` under this number of seconds, and waits for it. */
  sleeps(seconds: number): string
  /** A prompt it cannot do anything with. */
  fails: string
}

/** A conformant agent in a workspace of its own. */
interface Stage {
  folder: string
  agent: StartedAgent
  tried: Conformant
}

type Start = (workspace: string, home: string) => Promise<Conformant>

/** What the runner counts on with each agent that comes with Errand. */
export function agentConformance(name: string, loads: boolean, start: Start): void {
  describe(`${name} keeps to the protocol`, () => {
    const stage = {} as Stage
    async function enter(): Promise<void> {
      stage.tried = await start(stage.folder, stage.folder)
      stage.agent = stage.tried.agent
    }
    beforeEach(async () => {
      stage.folder = await mkdtemp(join(tmpdir(), `errand-${name}-`))
      await enter()
    })
    afterEach(async () => {
      await stage.agent.kill()
      await rm(stage.folder, { recursive: true, force: true })
    })

    it('answers the version of the protocol that it was asked for', () => {
      expect(stage.agent.initialized.protocolVersion).toBe(1)
    })
    turnConformance(stage)
    endConformance(stage)
    const suite = loads ? loadConformance : noLoadConformance
    suite(stage, enter)
  })
}

function turnConformance(stage: Stage): void {
  it('does a turn, tells the tools it uses, and ends with a title and a body', async () => {
    const { agent, folder, tried } = stage
    const sessionId = await agent.begin()

    const answer = await agent.prompt(sessionId, tried.appends('made.txt', 'one'))

    expect(await readFile(join(folder, 'made.txt'), 'utf8')).toBe('one\n')
    expect(answer).toMatchObject({
      stopReason: 'end_turn',
      _meta: { errand: { title: expect.stringMatching(/./), body: expect.any(String) } },
    })
    const calls = agent.updates.filter((update) => update.sessionUpdate === 'tool_call')
    expect(calls.length).toBeGreaterThan(0)
    expect(agent.updates).toContainEqual(
      expect.objectContaining({ sessionUpdate: 'tool_call_update', status: 'completed' }),
    )
  })

  it('does a second turn in the same session', async () => {
    const { agent, folder, tried } = stage
    const sessionId = await agent.begin()

    await agent.prompt(sessionId, tried.appends('made.txt', 'one'))
    await agent.prompt(sessionId, tried.appends('made.txt', 'two'))

    expect(await readFile(join(folder, 'made.txt'), 'utf8')).toBe('one\ntwo\n')
  })

  it('does one turn after the other when two are asked for at once', async () => {
    const { agent, folder, tried } = stage
    const sessionId = await agent.begin()

    const answers = await Promise.all([
      agent.prompt(sessionId, tried.appends('made.txt', 'one')),
      agent.prompt(sessionId, tried.appends('made.txt', 'two')),
    ])

    expect(answers).toMatchObject([{ stopReason: 'end_turn' }, { stopReason: 'end_turn' }])
    expect(await readFile(join(folder, 'made.txt'), 'utf8')).toBe('one\ntwo\n')
  })

  it('stops what it runs when it is cancelled, and can be prompted again', async () => {
    const { agent, folder, tried } = stage
    const sessionId = await agent.begin()
    const seconds = uniqueSeconds()
    const running = agent.prompt(sessionId, tried.sleeps(seconds))
    await expect.poll(() => sleepers(seconds), { timeout: 20_000 }).toHaveLength(1)
    const waiting = agent.prompt(sessionId, tried.appends('made.txt', 'never'))
    const since = performance.now()

    await agent.cancel(sessionId)

    expect(await running).toEqual({ stopReason: 'cancelled' })
    // The promise is 100 ms, and a busy machine needs more; a command that is waited for takes a second.
    expect(performance.now() - since).toBeLessThan(1000)
    expect(await waiting).toEqual({ stopReason: 'cancelled' })
    await expect.poll(() => sleepers(seconds)).toEqual([])
    await agent.prompt(sessionId, tried.appends('made.txt', 'one'))
    expect(await readFile(join(folder, 'made.txt'), 'utf8')).toBe('one\n')
  })
}

function endConformance(stage: Stage): void {
  it('leaves nothing running when its client goes away', async () => {
    const { agent, tried } = stage
    const seconds = uniqueSeconds()
    const running = agent.prompt(await agent.begin(), tried.sleeps(seconds))
    running.catch(() => undefined)
    await expect.poll(() => sleepers(seconds), { timeout: 20_000 }).toHaveLength(1)

    agent.hangUp()

    await agent.exited
    expect(await sleepers(seconds)).toEqual([])
  })

  it('says in a sentence why it cannot do something', async () => {
    const { agent, tried } = stage

    await expect(agent.prompt(await agent.begin(), tried.fails)).rejects.toMatchObject({
      message: expect.stringMatching(/^[A-Z].*\.$|^[A-Z].* .*/s),
      data: { category: expect.stringMatching(/^(agent|model)$/) },
    })
  })

  it('does not take a prompt of a session it does not know', async () => {
    const { agent } = stage

    await expect(agent.prompt('no-such-session', 'x')).rejects.toMatchObject({ code: -32_002 })
  })
}

function loadConformance(stage: Stage, enter: () => Promise<void>): void {
  it('takes up a session in a new process', async () => {
    const sessionId = await stage.agent.begin()
    await stage.agent.prompt(sessionId, stage.tried.appends('made.txt', 'one'))
    await stage.agent.kill()

    await enter()
    await stage.agent.load(sessionId)

    const { agent, tried, folder } = stage
    expect(agent.updates).toContainEqual(
      expect.objectContaining({ sessionUpdate: 'user_message_chunk' }),
    )
    await agent.prompt(sessionId, tried.appends('made.txt', 'two'))
    expect(await readFile(join(folder, 'made.txt'), 'utf8')).toBe('one\ntwo\n')
  })

  it('does not take up a session it never had', async () => {
    for (const id of ['no-such-session', '../../../etc/passwd', '']) {
      await expect(stage.agent.load(id)).rejects.toMatchObject({ code: -32_002 })
    }
  })
}

function noLoadConformance(stage: Stage): void {
  it('says that it cannot take up a session again', async () => {
    expect(stage.agent.initialized.agentCapabilities?.loadSession).toBe(false)
    await expect(stage.agent.load('any')).rejects.toMatchObject({ code: -32_601 })
  })
}

let lastSeconds = 100_000 + (process.pid % 10_000) * 100

/** A number of seconds that no other test sleeps, by which the process is known again. */
function uniqueSeconds(): number {
  lastSeconds += 1
  return lastSeconds
}

/** The processes that sleep this long. */
export async function sleepers(seconds: number): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const command = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    if (command === `sleep\0${seconds}\0`) found.push(Number(name))
  }
  return found
}

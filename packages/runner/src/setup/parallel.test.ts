import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { eventually } from '../testing/eventually.ts'
import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'

// Two runners at one data folder, with one session each. Their steps go on when they are let.

let test: TestRunner

beforeAll(async () => {
  test = await startTestRunner({ start: false })
  for (const _ of [1, 2]) test.start({ runner: { concurrency: 1 } })
})
afterAll(() => test?.[Symbol.asyncDispose]())

const stepsFile = '.github/workflows/copilot-setup-steps.yml'
const stepsThat = (end: string) => `
jobs:
  copilot-setup-steps:
    steps:
      - run: |
          while [ ! -e ~/go ]; do sleep 0.1; done
          rm ~/go; echo made > ~/made; ${end}
`

async function add(task: object = {}): Promise<string> {
  return await test.add({ prompt: 'Do it\n\n```sh\ncat ~/made\n```\n', ...task })
}

async function untilTold(id: string, text: string): Promise<void> {
  await eventually(async () => {
    const events = await test.events(id)
    const hasStarted = JSON.stringify(events.map(({ type, data }) => [type, data])).includes(text)
    if (!hasStarted) throw new Error(`${id} has not told ${text}`)
  }, 55_000)
}

/** Lets the steps of a session come to their end. */
async function letGo(id: string): Promise<void> {
  await untilTold(id, 'setup.step_start')
  const [session] = (await test.untilState(id, 'in_progress')).sessions
  const folder = join(test.dataDir, 'workspaces')
  const name = (await readdir(folder)).find((each) => each.startsWith(session?.id ?? 'none'))
  await writeFile(join(folder, name ?? 'none', 'home', 'go'), '', { mode: 0o666 })
}

async function endOf(id: string) {
  const { state } = await test.untilEnded(id)
  const events = await test.events(id)
  return {
    state,
    steps: events.filter(({ type }) => type === 'setup.step_complete').length,
    all: JSON.stringify(events.map(({ data }) => data)),
  }
}

describe('sessions that begin at once with the same setup steps', () => {
  it('have them run once: the second one waits for what the first one leaves', async () => {
    await test.forge.commit('main', { [stepsFile]: stepsThat('true') })
    const first = await add()
    await untilTold(first, 'setup.step_start')
    const second = await add()
    await untilTold(second, 'Another session runs the same setup steps')

    await letGo(first)

    expect(await endOf(first)).toMatchObject({ state: 'completed', steps: 1 })
    const { all, ...ended } = await endOf(second)
    expect(ended).toEqual({ state: 'completed', steps: 0 })
    expect(all).toContain('setup steps need not run')
    expect(all).toContain('made\\n')
  })

  it('have them run in the second as well, where the first one leaves nothing', async () => {
    await test.forge.commit('main', { [stepsFile]: stepsThat('exit 1') })
    const first = await add()
    await untilTold(first, 'setup.step_start')
    const second = await add()
    await untilTold(second, 'Another session runs the same setup steps')

    await letGo(first)
    await letGo(second)

    for (const id of [first, second]) {
      expect(await endOf(id)).toMatchObject({ state: 'completed', steps: 1 })
    }
    const layers = await readdir(join(test.dataDir, 'setup-layers'))
    expect(layers.filter((name) => name.startsWith('.'))).toEqual([])
    expect(layers.filter((name) => name.endsWith('.layer'))).toHaveLength(1)
  })

  it('do not wait for one whose branch is not the default one, which could keep them waiting', async () => {
    await test.forge.commit('main', { [stepsFile]: stepsThat('echo another') })
    await test.forge.commit('outsider', { [stepsFile]: stepsThat('echo another'), word: 'x\n' })
    const outsider = await add({ base_ref: 'outsider' })
    await untilTold(outsider, 'setup.step_start')
    const second = await add()

    await letGo(second)

    expect((await endOf(second)).all).not.toContain('Another session')
    await letGo(outsider)
    expect(await endOf(outsider)).toMatchObject({ state: 'completed', steps: 1 })
  })
})

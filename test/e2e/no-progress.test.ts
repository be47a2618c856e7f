import { describe, expect, it } from 'vitest'
import { finish, type Script, startScriptedModel } from '../support/scripted-model.ts'
import { startErrand } from '../support/start-errand.ts'
import { createTask, untilState } from '../support/tasks.ts'

/** Runs a command again and again, and gives up on that where nobody stops it. */
const again =
  (command: string, times: number): Script =>
  ({ index }) =>
    index < times ? { call: [['bash', { command }]] } : finish('Nothing to do')

async function work(script: Script, maxRepetitions: number, state: 'failed' | 'completed') {
  await using model = await startScriptedModel(script)
  await using errand = await startErrand({
    model,
    settings: { sessions: { max_repetitions: maxRepetitions } },
  })
  await errand.addRepository('acme/sums')
  const { id } = await createTask(errand.client, 'acme/sums', {
    prompt: 'Fix it',
    model: 'scripted',
  })
  const ended = await untilState(errand.client, id, state)
  return { ended, turns: model.turns }
}

describe('an agent that repeats itself', () => {
  it('is stopped, and its session says so', async () => {
    const { ended, turns } = await work(again('ls README.md', 9), 4, 'failed')

    expect(ended.sessions[0]?.error).toMatchObject({
      category: 'agent',
      title: 'No progress',
      message:
        'The agent made the same call 4 times in a row, with the same result, and changed no file meanwhile, so it was stopped.',
    })
    expect(turns.length).toBeLessThan(9)
  })

  it.each([
    ['polls what changes', 'date +%s%N', 4],
    ['changes a file each time', 'echo more >> log.txt', 4],
    ['may do so', 'ls README.md', 0],
  ])('is not stopped where it %s', async (_, command, maxRepetitions) => {
    // The coder stops by itself after eight.
    const { turns } = await work(again(command, 6), maxRepetitions, 'completed')

    expect(turns).toHaveLength(7)
  })
})

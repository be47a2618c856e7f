import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { getTask } from '../tasks/get-task.ts'
import { testStores } from '../testing/stores.ts'
import { openStore } from './open.ts'

const pglite = testStores.find((kind) => kind.name === 'pglite')

it('a process killed in the middle of its work leaves its folder free and every task it told of', async () => {
  const database = await pglite!.create()
  const acknowledged: string[] = []
  for (let round = 0; round < 3; round += 1) {
    acknowledged.push(...(await createTasksUntilKilled(database.options.dataDir!, 40)))
  }

  await using store = await openStore(database.options)

  expect(acknowledged.length).toBeGreaterThanOrEqual(120)
  for (const id of acknowledged) {
    const task = await getTask(store, id)
    expect(task).toMatchObject({ state: 'queued', sessions: [{ state: 'queued' }] })
  }
  await store.close()
  await database.drop()
})

/** The ids a process has told of when it was killed, which is while it makes more. */
async function createTasksUntilKilled(dataDir: string, enough: number): Promise<string[]> {
  const program = `
    const { openStore } = await import(${urlOf('./open.ts')})
    const { create } = await import(${urlOf('../testing/rows.ts')})
    const store = await openStore({ dataDir: ${JSON.stringify(dataDir)} })
    for (;;) console.log((await create(store)).id)`
  const child = spawn(
    process.execPath,
    ['--conditions=errand-source', '--input-type=module', '-e', program],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const ids: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    ids.push(line)
    if (ids.length >= enough) break
  }
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
  return ids
}

function urlOf(path: string): string {
  return JSON.stringify(new URL(path, import.meta.url).href)
}

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { createEncryption, keyBytes, openStore, putValue, valuesOfSession } from '@errand/core'
import { expect, it } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { program } from '../support/errand-process.ts'
import { fillDataFolder } from '../support/fill-data-folder.ts'
import { createRandom } from '../support/random.ts'
import { run } from '../support/run.ts'
import { createTempFolder } from '../support/temp-folder.ts'

const kills = Number(process.env.ERRAND_TEST_KILLS ?? 3)
const seed = Number(process.env.ERRAND_TEST_SEED ?? Date.now() % 1_000_000)
const names = Array.from({ length: 90 }, (_, at) => `SECRET_${at}`)
const owner = { id: 5, login: 'acme' }
const repositories = Array.from({ length: 10 }, (_, at) => 100 + at)
const count = names.length * repositories.length

it(
  `a rotation of secrets that is killed ${kills} times loses none, and is ended by the next (ERRAND_TEST_SEED=${seed})`,
  { timeout: 120_000 + kills * 30_000 },
  async () => {
    const random = createRandom(seed)
    await using folder = await createTempFolder('rotate')
    const dataDir = join(folder.path, 'data')
    const keyPath = join(dataDir, 'secrets', 'encryption.key')
    const firstKey = randomBytes(keyBytes).toString('base64')
    await mkdir(join(dataDir, 'secrets'), { recursive: true, mode: 0o700 })
    await writeFile(keyPath, `${firstKey}\n`, { mode: 0o600 })
    await fill(dataDir, firstKey)
    const wholeMs = await rotate(dataDir)

    for (let kill = 0; kill < kills; kill += 1) {
      // Anywhere in it, and in turns with a moment at which both keys are there.
      if (kill % 2 === 1) await killRotation(dataDir, random() * wholeMs)
      else await killRotation(dataDir, random() * 200, () => hasBothKeys(keyPath))
      expect(await countOpened(dataDir, await keysIn(keyPath))).toBe(count)
    }
    await rotate(dataDir)

    const keys = await keysIn(keyPath)
    expect(keys).toHaveLength(1)
    expect(keys).not.toContain(firstKey)
    expect(await countOpened(dataDir, keys)).toBe(count)
  },
)

/** Runs a rotation to its end, and gives what it took. */
async function rotate(dataDir: string): Promise<number> {
  const startedAt = performance.now()
  await run(process.execPath, rotation(dataDir), { env: { HOME: '/nonexistent' } })
  return performance.now() - startedAt
}

/** Kills a rotation so long after a moment, if it has not ended by then. Default: after its start. */
async function killRotation(
  dataDir: string,
  afterMs: number,
  isMoment: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<void> {
  const child = spawn(process.execPath, rotation(dataDir), {
    env: { ...baseEnvironment, HOME: '/nonexistent' },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  while (child.exitCode === null && !(await isMoment())) await delay(2)
  await Promise.race([ended, delay(afterMs)])
  child.kill('SIGKILL')
  await ended
}

function rotation(dataDir: string): string[] {
  return [program, 'secrets', 'rotate', '--data', dataDir]
}

async function keysIn(path: string): Promise<string[]> {
  return (await readFile(path, 'utf8')).split('\n').filter(Boolean)
}

async function hasBothKeys(path: string): Promise<boolean> {
  return (await keysIn(path)).length === 2
}

async function fill(dataDir: string, key: string): Promise<void> {
  fillDataFolder(dataDir)
  const encryption = createEncryption([Buffer.from(key, 'base64')])
  await using store = await openStore({ dataDir })
  for (const id of repositories) {
    const repository = { id, full_name: `acme/${id}` }
    const target = { kind: 'secret', type: 'repository', id, owner, repository } as const
    for (const name of names) {
      const value = (about: string): string => encryption.seal(`${name} of ${id}`, about)
      await putValue(store, target, name, { value }, { id: 1, login: 'ada' })
    }
  }
}

/** How many secrets these keys open, each to its own value. */
async function countOpened(dataDir: string, keys: readonly string[]): Promise<number> {
  const encryption = createEncryption(keys.map((key) => Buffer.from(key, 'base64')))
  await using store = await openStore({ dataDir })
  let opened = 0
  for (const id of repositories) {
    const { environment } = await valuesOfSession(store, encryption, { id, private: true, owner })
    opened += names.filter((name) => environment[name] === `${name} of ${id}`).length
  }
  return opened
}

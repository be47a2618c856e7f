import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openForge } from '../forge.ts'
import { createTurns } from '../turns.ts'
import { createIndex, openCollection } from './collection.ts'

let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-records-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const log = { info() {}, warn() {} }
const publicUrl = () => 'http://localhost'

describe('a collection', () => {
  it('is there again after it was opened anew', async () => {
    const path = join(folder, 'again')
    const before = await openCollection<{ name: string }>(path)
    await before.put('1', { name: 'one' })
    await before.put('2', { name: 'two' })
    await before.delete('1')

    const after = await openCollection<{ name: string }>(path)

    expect(after.values()).toEqual([{ name: 'two' }])
  })

  it('drops what a crash left half written, and keeps what was there', async () => {
    const path = join(folder, 'half')
    const before = await openCollection<{ name: string }>(path)
    await before.put('1', { name: 'whole' })
    await writeFile(join(path, '1.json.new'), '{"name": "ha')

    const after = await openCollection<{ name: string }>(path)

    expect(after.get('1')).toEqual({ name: 'whole' })
    expect(await readdir(path)).toEqual(['1.json'])
  })

  it('says which file cannot be read', async () => {
    const path = join(folder, 'broken')
    await openCollection(path)
    await writeFile(join(path, '7.json'), 'no JSON')

    await expect(openCollection(path)).rejects.toThrow(join(path, '7.json'))
  })

  it('loses no update of many at once', async () => {
    const counters = await openCollection<{ count: number }>(join(folder, 'many'))
    await counters.put('a', { count: 0 })

    const add = () => counters.update('a', ({ count }) => ({ count: count + 1 }))
    await Promise.all(Array.from({ length: 20 }, add))

    expect(counters.get('a')).toEqual({ count: 20 })
  })

  it('has no update of what was deleted before its turn came', async () => {
    const collection = await openCollection<{ name: string }>(join(folder, 'gone'))
    await collection.put('1', { name: 'one' })

    const deleting = collection.delete('1')
    const updating = collection.update('1', () => ({ name: 'two' }))

    await expect(updating).rejects.toMatchObject({ errorName: 'not_found' })
    await deleting
    expect(collection.get('1')).toBeUndefined()
  })

  it('goes on after a change that failed', async () => {
    const counters = await openCollection<{ count: number }>(join(folder, 'fails'))
    await counters.put('a', { count: 1 })

    await expect(
      counters.update('a', () => {
        throw new RangeError('no')
      }),
    ).rejects.toThrow(RangeError)
    await expect(counters.update('b', (record) => record)).rejects.toThrow('Not Found')
    await counters.put('a', { count: 2 })

    expect(counters.get('a')).toEqual({ count: 2 })
  })

  it('has its index made anew when it changed, and only then', async () => {
    const names = await openCollection<string>(join(folder, 'index'))
    let builds = 0
    const index = createIndex(names, (all) => {
      builds += 1
      return new Map(all.map((name) => [name, name]))
    })
    await names.put('1', 'one')
    const first = [index().get('one'), index().get('two')]
    await names.put('2', 'two')

    expect([first, index().get('two'), builds]).toEqual([['one', undefined], 'two', 2])
  })
})

it('turns of one key come one after the other, those of two at once', async () => {
  const inTurn = createTurns<string>()
  const order: string[] = []
  const held = Promise.withResolvers<void>()

  const first = inTurn('a', async () => {
    await held.promise
    order.push('a1')
    throw new RangeError('a1')
  })
  const second = inTurn('a', async () => void order.push('a2'))
  await inTurn('b', async () => void order.push('b'))
  held.resolve()

  await expect(first).rejects.toThrow(RangeError)
  await second
  expect(order).toEqual(['b', 'a1', 'a2'])
})

describe('the folder of a forge', () => {
  it('is one process’s alone, and free again when that ends', async () => {
    const dataDir = join(folder, 'locked')
    const forge = await openForge({ dataDir, log, publicUrl })
    const script = `
      import { openForge } from ${JSON.stringify(new URL('../forge.ts', import.meta.url).href)}
      const log = { info() {}, warn() {} }
      await openForge({ dataDir: process.argv[1], log, publicUrl: () => 'http://localhost' })
      process.exit(0)`
    const openElsewhere = () =>
      spawnSync(
        process.execPath,
        ['--conditions=errand-source', '--input-type=module', '--eval', script, dataDir],
        { encoding: 'utf8' },
      )

    const refused = openElsewhere()
    await expect(openForge({ dataDir, log, publicUrl })).rejects.toThrow('in use by another Errand')
    await forge.close()
    const allowed = openElsewhere()

    expect(refused.stderr).toContain('in use by another Errand')
    expect([refused.status, allowed.status]).toEqual([1, 0])
    await (await openForge({ dataDir, log, publicUrl })).close()
  })

  it('gives no id twice, also not that of something deleted', async () => {
    const dataDir = join(folder, 'ids')
    const before = await openForge({ dataDir, log, publicUrl })
    const user = await before.createUser({ login: 'ann' })
    const repository = await before.createRepository({ owner: 'ann', name: 'one' })
    await before.close()
    await rm(join(dataDir, 'forge', 'records', `${repository.id}.json`))

    const after = await openForge({ dataDir, log, publicUrl })
    const next = await after.createRepository({ owner: 'ann', name: 'one' })
    await after.close()

    expect(repository.id).toBeGreaterThan(user.id)
    expect(next.id).toBeGreaterThan(repository.id)
  })

  it('is cleared of what a crash left: folders without a record, locks of git', async () => {
    const dataDir = join(folder, 'crashed')
    const before = await openForge({ dataDir, log, publicUrl })
    await before.createUser({ login: 'ann' })
    const { id } = await before.createRepository({ owner: 'ann', name: 'one' })
    const orphan = await before.createRepository({ owner: 'ann', name: 'two' })
    await before.close()
    const repositories = join(dataDir, 'forge', 'repositories')
    const gitDir = join(repositories, String(id), 'repository.git')
    await rm(join(dataDir, 'forge', 'records', `${orphan.id}.json`))
    await writeFile(join(gitDir, 'refs/heads/main.lock'), '')
    await writeFile(join(gitDir, 'packed-refs.lock'), '')

    await (await openForge({ dataDir, log, publicUrl })).close()

    expect(await readdir(repositories)).toEqual([String(id)])
    expect(existsSync(join(gitDir, 'refs/heads/main.lock'))).toBe(false)
    expect(existsSync(join(gitDir, 'packed-refs.lock'))).toBe(false)
    expect(existsSync(join(gitDir, 'HEAD'))).toBe(true)
  })

  it('holds no token, neither in a file nor in a name', async () => {
    const dataDir = join(folder, 'tokens')
    await using forge = await openForge({ dataDir, log, publicUrl })
    const given = `ghp_${'x'.repeat(36)}`
    const tokens = [await forge.ensureSiteAdmin(given), forge.runnerToken()]

    const root = join(dataDir, 'forge')
    const files = await readdir(root, { recursive: true, withFileTypes: true })
    const paths = files
      .filter((file) => file.isFile())
      .map((file) => join(file.parentPath, file.name))
    const texts = await Promise.all(paths.map((path) => readFile(path, 'latin1')))

    expect(tokens[0]).toBe(given)
    for (const token of tokens) {
      expect(paths.join('\n')).not.toContain(token)
      expect(texts.join('\n')).not.toContain(token)
    }
  })
})

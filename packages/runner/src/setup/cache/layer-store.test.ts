import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import { Settings } from '@errand/contract'
import { createEncryption, keyBytes } from '@errand/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { holdsSecret } from './find-secrets.ts'
import { claimLayer } from './claim-layer.ts'
import { layerSecret, openLayer, storeLayer, sweepLayers } from './layer-store.ts'
import { layersFolder } from './layers-folder.ts'

let dataDir: string
const mib = 1024 * 1024
const { signal } = new AbortController()

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'errand-layers-'))
  await layerSecret({ dataDir, encryption: createEncryption([randomBytes(keyBytes)]) })
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const placeOf = (setup_steps: object = {}) => ({
  dataDir,
  settings: Settings.parse({ setup_steps }),
})
const fileOf = (key: string) => join(layersFolder(dataDir), `${key}.layer`)
const layers = async () =>
  (await readdir(layersFolder(dataDir))).filter((name) => name !== 'key').sort()

function about(created_at = new Date().toISOString()) {
  return { created_at, steps: 2, variables: { A: '1' }, paths: ['/a'], changed: {} }
}

async function store(key: string, bytes: Buffer, place = placeOf(), told = about()): Promise<void> {
  await keep(key, Readable.from([bytes]), place, told)
}

/** Fails where somebody else has the claim. */
async function keep(key: string, archive: Readable, place = placeOf(), told = about()) {
  await using claim = await claimLayer(dataDir, key, signal)
  if (claim === undefined) throw new Error(`${key} is claimed`)
  await storeLayer(place, claim, { about: told, archive })
}

async function readAll(key: string): Promise<Buffer | undefined> {
  await using layer = await openLayer(placeOf(), key)
  return layer === undefined ? undefined : await buffer(layer.read())
}

describe('a layer', () => {
  it('is read as it was stored', async () => {
    const bytes = randomBytes(3 * mib)

    await store('a', bytes)

    await using layer = await openLayer(placeOf(), 'a')
    expect(layer?.about).toMatchObject({ steps: 2, variables: { A: '1' } })
    expect(await readAll('a')).toEqual(bytes)
    expect(await readAll('b')).toBeUndefined()
  })

  it('stays whole for whoever has it open when it is removed', async () => {
    const bytes = randomBytes(mib)
    await store('a', bytes)
    await using layer = await openLayer(placeOf(), 'a')

    await rm(fileOf('a'))

    expect(await buffer(layer?.read() ?? Readable.from([]))).toEqual(bytes)
  })

  it('is not there before it is whole', async () => {
    const broken = Readable.from(
      (function* () {
        yield randomBytes(1000)
        throw new Error('the archive broke')
      })(),
    )

    await expect(keep('a', broken)).rejects.toThrow('the archive broke')
    expect(await layers()).toEqual([])
  })

  it.each([
    ['cut short', (file: string) => truncate(file, 4000)],
    [
      'changed',
      async (file: string) => {
        const bytes = await readFile(file)
        bytes.fill(0, bytes.length - 600, bytes.length - 500)
        await writeFile(file, bytes)
      },
    ],
  ])('that was %s is an error to read, and not taken for something else', async (_how, spoil) => {
    await store('a', randomBytes(100_000))

    await spoil(fileOf('a'))

    await expect(readAll('a')).rejects.toThrow()
  })

  it('of which nothing can be read is none', async () => {
    await writeFile(fileOf('a'), 'something else')
    await writeFile(fileOf('b'), '')

    expect(await readAll('a')).toBeUndefined()
    expect(await readAll('b')).toBeUndefined()
  })

  it('is used for as long as it may be, and no longer', async () => {
    const eightDaysAgo = new Date(Date.now() - 8 * 24 * 3_600_000).toISOString()
    await store('a', randomBytes(10), placeOf(), about(eightDaysAgo))

    await using stillUsed = await openLayer(placeOf({ cache_days: 9 }), 'a')
    expect(stillUsed).toBeDefined()
    expect(await openLayer(placeOf(), 'a')).toBeUndefined()
    expect(await layers()).toEqual([])
  })
})

describe('the room of layers', () => {
  it('is kept by removing those used longest ago', async () => {
    const place = placeOf({ cache_mb: 4 })
    for (const key of ['a', 'b', 'c']) await store(key, randomBytes(1.2 * mib), place)
    const [past, later] = [new Date(Date.now() - 9000), new Date(Date.now() - 5000)]
    await utimes(fileOf('a'), past, past)
    await utimes(fileOf('b'), later, later)
    await readAll('a')

    await store('d', randomBytes(1.2 * mib), place)

    expect(await layers()).toEqual(['a.layer', 'c.layer', 'd.layer'])
  })

  it('is freed of what a runner that died has left, and of what nobody used', async () => {
    await store('a', randomBytes(10))
    await store('b', randomBytes(10))
    const long = new Date(Date.now() - 8 * 24 * 3_600_000)
    await utimes(fileOf('b'), long, long)
    await writeFile(join(layersFolder(dataDir), '.unfinished-c'), 'half a layer')
    await using claim = await claimLayer(dataDir, 'd', signal)

    const count = await sweepLayers(placeOf())

    expect(count).toBe(2)
    expect(claim?.file).toBe(join(layersFolder(dataDir), '.unfinished-d'))
    expect(await layers()).toEqual(['.unfinished-d', 'a.layer'])
  })
})

describe('the secret that keys are made with', () => {
  const encryption = createEncryption([randomBytes(keyBytes)])

  it('is one, for all runners at the same data folder', async () => {
    await rm(layersFolder(dataDir), { recursive: true })

    const secrets = await Promise.all(
      Array.from({ length: 5 }, () => layerSecret({ dataDir, encryption })),
    )

    expect(new Set(secrets).size).toBe(1)
    const file = await readFile(join(layersFolder(dataDir), 'key'), 'utf8')
    expect(file).not.toContain(secrets[0])
    expect(await layers()).toEqual([])
  })

  it('is made anew where the key that sealed it is gone', async () => {
    const made = await layerSecret({ dataDir, encryption })

    expect(await layerSecret({ dataDir, encryption })).toBe(made)
  })
})

describe('a secret among the bytes of a layer', () => {
  const secret = 'p@ss/w0rd+&long enough'

  it.each([
    ['as it is', secret],
    ['in base64', Buffer.from(`user:${secret}`).toString('base64')],
    ['in a URL', `https://x/?t=${encodeURIComponent(secret)}`],
    ['in JSON', JSON.stringify({ secret })],
  ])('is found %s, wherever chunks cut it apart', async (_how, written) => {
    const bytes = Buffer.concat([randomBytes(5000), Buffer.from(written), randomBytes(5000)])
    for (const at of [5001, 5010, 5000 + written.length - 1]) {
      expect(await holdsSecret([bytes.subarray(0, at), bytes.subarray(at)], [secret])).toBe(true)
    }
    expect(await holdsSecret([bytes], ['something else'])).toBe(false)
    expect(await holdsSecret([bytes], [])).toBe(false)
  })
})

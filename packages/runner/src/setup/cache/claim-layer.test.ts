import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'

import { Settings } from '@errand/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { claimLayer, isClaimed, waitForClaim } from './claim-layer.ts'
import { openLayer, storeLayer } from './layer-store.ts'
import { layersFolder } from './layers-folder.ts'

let dataDir: string
const { signal } = new AbortController()

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'errand-claim-'))
  await mkdir(layersFolder(dataDir))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

const place = () => ({ dataDir, settings: Settings.parse({}) })
const about = {
  created_at: new Date().toISOString(),
  steps: 1,
  variables: {},
  paths: [],
  changed: {},
}

/** Another runner, which has the claim of `a` and half a layer in its file. It lives until it is killed. */
async function startOther() {
  const program = `
    import { appendFile } from 'node:fs/promises'
    import { claimLayer } from ${JSON.stringify(new URL('claim-layer.ts', import.meta.url).href)}
    const claim = await claimLayer(process.argv[1], 'a', new AbortController().signal)
    await appendFile(claim.file, 'half a layer')
    console.log('claimed')
    setInterval(() => undefined, 1000)`
  const args = ['--input-type=module', '-e', program, dataDir]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout, 'data')) as [Buffer]
  expect(line.toString()).toBe('claimed\n')
  return {
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  }
}

describe('the claim of a layer', () => {
  it('is that of one session at a time, and free after it', async () => {
    await using first = await claimLayer(dataDir, 'a', signal)

    expect(first).toBeDefined()
    expect(await claimLayer(dataDir, 'a', signal)).toBeUndefined()
    expect(await isClaimed(dataDir, 'a', signal)).toBe(true)
    expect(await isClaimed(dataDir, 'b', signal)).toBe(false)

    await first?.[Symbol.asyncDispose]()
    expect(await isClaimed(dataDir, 'a', signal)).toBe(false)
    expect(await readdir(layersFolder(dataDir))).toEqual([])
  })

  it('is waited for by many, who go on together when it ends without a layer', async () => {
    const first = await claimLayer(dataDir, 'a', signal)
    const waits = [1, 2, 3].map(() => waitForClaim(dataDir, 'a', { waitMs: 60_000, signal }))

    await first?.[Symbol.asyncDispose]()

    await Promise.all(waits)
    expect(await readdir(layersFolder(dataDir))).toEqual([])
  })

  it('is waited for no longer than is allowed', async () => {
    await using _first = await claimLayer(dataDir, 'a', signal)

    await waitForClaim(dataDir, 'a', { waitMs: 10, signal })

    expect(await isClaimed(dataDir, 'a', signal)).toBe(true)
  })

  it('of another runner at the data folder holds here, and dies with it; half a layer is none', async () => {
    using other = await startOther()
    expect(await claimLayer(dataDir, 'a', signal)).toBeUndefined()
    expect(await openLayer(place(), 'a')).toBeUndefined()
    const waited = waitForClaim(dataDir, 'a', { waitMs: 60_000, signal })

    await other.kill()
    await waited
    expect(await openLayer(place(), 'a')).toBeUndefined()
    {
      await using claim = await claimLayer(dataDir, 'a', signal)
      if (claim === undefined) throw new Error('it is not free')
      expect(await readFile(claim.file, 'utf8')).toBe('half a layer')
      await storeLayer(place(), claim, { about, archive: Readable.from([Buffer.from('whole')]) })
    }

    await using layer = await openLayer(place(), 'a')
    expect((await buffer(layer?.read() ?? Readable.from([]))).toString()).toBe('whole')
    expect(await readdir(layersFolder(dataDir))).toEqual(['a.layer'])
  })
})

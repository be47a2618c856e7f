import { readdir } from 'node:fs/promises'

import { describe, expect, it } from 'vitest'

import { SandboxTooWeak } from './index.ts'
import { listTree } from './process-table.ts'
import { eventually } from './testing/eventually.ts'
import { openTestBox } from './testing/open-test-box.ts'

describe('openBox', () => {
  it('refuses a sandbox that shows more than it should, and leaves nothing of it', async () => {
    // Shown by mistake: the folder of Debian's package manager, which the probe knows as the host's.
    const opening = openTestBox({ readOnlyPaths: ['/var/lib/dpkg'] })

    const error: unknown = await opening.catch((error: unknown) => error)
    expect(error).toBeInstanceOf(SandboxTooWeak)
    expect(error).toMatchObject({
      errorName: 'unavailable',
      weaknesses: ['it can read /var/lib/dpkg/status'],
      message: expect.stringContaining('it can read /var/lib/dpkg/status') as string,
    })
    await eventually(() => {
      const own = listTree(new Set([process.pid])).filter(({ pid }) => pid !== process.pid)
      expect(own).toEqual([])
    })
  })

  it('keeps no file descriptor of a box that was closed', async () => {
    const count = async (): Promise<number> => (await readdir('/proc/self/fd')).length
    await (await openTestBox())[Symbol.asyncDispose]()
    const before = await count()

    for (let round = 0; round < 3; round++) {
      await using test = await openTestBox()
      await test.agent('true')
      await test.sh('true')
    }

    expect(await count()).toBeLessThanOrEqual(before)
  })

  it('opens at once with others', async () => {
    const tests = await Promise.all(Array.from({ length: 6 }, () => openTestBox()))

    const results = await Promise.all(tests.map((test) => test.agent('echo here')))

    expect(results.map(({ stdout }) => stdout)).toEqual(Array(6).fill('here\n'))
    await Promise.all(tests.map((test) => test[Symbol.asyncDispose]()))
  })

  it('does not open when it was aborted before', async () => {
    await expect(openTestBox({ signal: AbortSignal.abort() })).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  it('ends what it started when it is aborted while opening', async () => {
    const controller = new AbortController()
    const opening = openTestBox({ signal: controller.signal })
    setImmediate(() => controller.abort())

    await expect(opening).rejects.toThrow()
  })
})

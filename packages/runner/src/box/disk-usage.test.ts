import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { fingerprintFiles, measureDisk } from './disk-usage.ts'

const kib = 1024
let folder: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'errand-disk-'))
})

afterEach(() => rmSync(folder, { recursive: true }))

function measure(stopAboveBytes = Infinity): Promise<number> {
  return measureDisk(folder, stopAboveBytes, new AbortController().signal)
}

describe('measureDisk', () => {
  it('sums up files and folders, however deep', async () => {
    mkdirSync(join(folder, 'a/b'), { recursive: true })
    writeFileSync(join(folder, 'a/b/large'), Buffer.alloc(100 * kib, 1))
    writeFileSync(join(folder, 'a/small'), 'x')

    expect(await measure()).toBe(112 * kib)
  })

  it('counts an empty file as one block, since its name takes space too', async () => {
    for (let index = 0; index < 10; index++) writeFileSync(join(folder, `${index}`), '')

    expect(await measure()).toBe(40 * kib)
  })

  it('counts a file with two names once', async () => {
    writeFileSync(join(folder, 'one'), Buffer.alloc(80 * kib, 1))
    linkSync(join(folder, 'one'), join(folder, 'two'))

    expect(await measure()).toBe(80 * kib)
  })

  it('does not count what a hole in a file seems to hold', async () => {
    writeFileSync(join(folder, 'sparse'), '')
    truncateSync(join(folder, 'sparse'), 1e9)

    expect(await measure()).toBe(4 * kib)
  })

  it('follows no link, not even as the folder itself', async () => {
    symlinkSync('/usr', join(folder, 'link'))

    expect(await measure()).toBe(4 * kib)
    expect(await measureDisk(join(folder, 'link'), Infinity, new AbortController().signal)).toBe(0)
  })

  it('stops as soon as it is above the limit', async () => {
    for (let index = 0; index < 100; index++) writeFileSync(join(folder, `${index}`), '')

    expect(await measure(50 * kib)).toBe(Infinity)
  })
})

describe('fingerprintFiles', () => {
  const fingerprint = () => fingerprintFiles(folder, new AbortController().signal)
  const file = () => join(folder, 'a/file')
  beforeEach(() => {
    mkdirSync(join(folder, 'a'))
    mkdirSync(join(folder, '.git'))
    writeFileSync(file(), 'one')
  })

  it.each([
    ['is written', () => writeFileSync(file(), 'three')],
    ['is written and dated back', () => (writeFileSync(file(), 'two'), utimesSync(file(), 1, 1))],
    ['is renamed', () => renameSync(file(), join(folder, 'a/other'))],
    ['is added', () => writeFileSync(join(folder, 'a/more'), '')],
    ['is removed', () => rmSync(file())],
    ['becomes a program', () => chmodSync(file(), 0o755)],
  ])('changes when a file %s', async (_, change) => {
    const before = await fingerprint()

    change()

    expect(await fingerprint()).not.toBe(before)
  })

  it("stays when nothing changes but git's own folder", async () => {
    const before = await fingerprint()

    writeFileSync(join(folder, '.git/index'), 'x')

    expect(await fingerprint()).toBe(before)
  })

  it('follows no link', async () => {
    symlinkSync('/usr', join(folder, 'link'))

    expect(await fingerprint()).toEqual(expect.any(String))
  })
})

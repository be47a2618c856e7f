import { expect, it } from 'vitest'

import { diskFloorBytes, isTooLittle, readRoom } from './disk-guard.ts'

const room = { freeBytes: diskFloorBytes, freeFiles: 100_000, files: 10_000_000 }

it.each([
  ['enough of both', room, false],
  ['too few bytes', { ...room, freeBytes: diskFloorBytes - 1 }, true],
  ['too few files', { ...room, freeFiles: 99_999 }, true],
  [
    'few files, of a file system that never had many',
    { ...room, freeFiles: 50, files: 1000 },
    false,
  ],
  ['too few of those', { ...room, freeFiles: 49, files: 1000 }, true],
  ['no limit of files', { ...room, freeFiles: Infinity, files: 0 }, false],
])('a file system with %s', (_, given, expected) => {
  expect(isTooLittle(given)).toBe(expected)
})

it('this machine has room', async () => {
  const found = await readRoom('/tmp')

  expect(isTooLittle(found)).toBe(false)
  expect(found.freeFiles).toBeGreaterThan(0)
})

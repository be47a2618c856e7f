import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { writeChanges } from './write-changes.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recipe-'))
  await writeFile(join(folder, 'outside'), 'kept')
  await symlink(folder, join(folder, 'link'))
  await symlink(join(folder, 'outside'), join(folder, 'CHANGELOG.md'))
})
afterEach(() => rm(folder, { recursive: true }))

it('writes a file and the folders above it', async () => {
  await writeChanges(folder, [{ path: 'a/b/c.txt', after: 'new' }])

  expect(await readFile(join(folder, 'a/b/c.txt'), 'utf8')).toBe('new')
})

it.each(['../x', '/etc/x', '.git/hooks/post-commit', 'link/x', 'CHANGELOG.md', 'a/../../x'])(
  'writes nothing by the path %s, nor anything that comes with it',
  async (path) => {
    const changes = [
      { path: 'first.txt', after: 'x' },
      { path, after: 'stolen' },
    ]

    await expect(writeChanges(folder, changes)).rejects.toThrow(/not a path inside|is no f/)
    await expect(readFile(join(folder, 'first.txt'))).rejects.toThrow('ENOENT')
    expect(await readFile(join(folder, 'outside'), 'utf8')).toBe('kept')
  },
)

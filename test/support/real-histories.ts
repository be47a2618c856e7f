import { join, resolve } from 'node:path'
import { git } from './git.ts'

const root = resolve(import.meta.dirname, '../..')

/**
 * Makes repositories out of a real one: this checkout's own history, each time up to another commit.
 * `use` is given the folder of each in turn, which holds it only until the next.
 */
export async function withRealHistories(
  folder: string,
  names: readonly string[],
  use: (source: string, name: string) => Promise<unknown>,
): Promise<void> {
  const listed = await git(root, ['rev-list', '--first-parent', '--reverse', 'HEAD'])
  // The first commits have nothing to be changed yet.
  const commits = listed.split('\n').slice(2)
  if (commits.length < 10) throw new Error('this checkout has no history: clone it without --depth')
  const source = join(folder, 'history.git')
  await git(root, ['clone', '--quiet', '--bare', '--no-local', root, source])
  await git(source, ['symbolic-ref', 'HEAD', 'refs/heads/main'])
  for (const [index, name] of names.entries()) {
    const commit = commits[Math.floor((index * commits.length) / names.length)] ?? 'HEAD'
    await git(source, ['update-ref', 'refs/heads/main', commit])
    await use(source, name)
  }
}

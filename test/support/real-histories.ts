import { join, resolve } from 'node:path'
import { git } from './git.ts'

const root = resolve(import.meta.dirname, '../..')

/**
 * Makes repositories out of real ones: this checkout's own history, and those of the folders in
 * `others`, in turn, each time up to another commit. `use` is given the folder of each, which holds it
 * only until the next of the same history.
 */
export async function withRealHistories(
  folder: string,
  names: readonly string[],
  use: (source: string, name: string) => Promise<unknown>,
  others: readonly string[] = [],
): Promise<void> {
  const histories = []
  for (const from of [root, ...others]) {
    const source = join(folder, `history-${histories.length}.git`)
    histories.push({ source, commits: await copyHistory(from, source) })
  }
  for (const [index, name] of names.entries()) {
    const history = histories[index % histories.length]
    const { source, commits } = history ?? { source: '', commits: [] }
    const commit = commits[Math.floor((index * commits.length) / names.length)] ?? 'HEAD'
    await git(source, ['update-ref', 'refs/heads/main', commit])
    await use(source, name)
  }
}

/** The commits that lead to the newest one, but for the first ones: they have nothing to be changed yet. */
async function copyHistory(from: string, source: string): Promise<string[]> {
  const listed = await git(from, ['rev-list', '--first-parent', '--reverse', 'HEAD'])
  const commits = listed.split('\n').slice(2)
  if (commits.length < 10) throw new Error(`${from} has no history: clone it without --depth`)
  await git(from, ['clone', '--quiet', '--bare', '--single-branch', '--no-local', from, source])
  await git(source, ['symbolic-ref', 'HEAD', 'refs/heads/main'])
  return commits
}

import { git } from '../git/git.ts'

/**
 * Keeps a pull request's head where clients look for it (`git fetch origin pull/1/head`), and from
 * being thrown away with its branch. Pushes cannot touch it.
 */
export async function keepHead(gitDir: string, number: number, sha: string): Promise<void> {
  const ref = `refs/pull/${number}/head`
  await git(['update-ref', '--end-of-options', ref, sha], { gitDir })
}

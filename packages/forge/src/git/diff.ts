import { ErrandError } from '@errand/contract'
import { GitOutputTooLarge, git, runGit } from './git.ts'

/** A diff or a series of patches larger than this is not sent. */
const textLimitBytes = 16 * 1024 * 1024

/** The tree without files: what a first commit is compared with. */
export const emptyTree = '4b825dc642cb6eb9a060e54bf8d69288fbee4904'

const plain = ['--no-color', '--no-ext-diff', '--no-textconv']

/** The unified diff between two commits. @throws ErrandError invalid_request when it is too large */
export async function unifiedDiff(gitDir: string, from: string, to: string): Promise<Buffer> {
  const args = ['diff-tree', '-r', '-M', '-p', ...plain, '--end-of-options', from, to, '--']
  return await whole(args, gitDir)
}

/** As `unifiedDiff`, cut after `limitBytes` with a last line that says so. */
export async function cutDiff(
  gitDir: string,
  from: string,
  to: string,
  limitBytes: number,
): Promise<string> {
  const args = ['diff-tree', '-r', '-M', '-p', ...plain, '--end-of-options', from, to, '--']
  const note = '\n[The diff is longer and was cut here.]\n'
  const { output, isCut } = await runGit(args, {
    gitDir,
    limitBytes: Math.max(0, limitBytes - note.length),
  })
  // A character may have been cut in two.
  return isCut ? output.toString('utf8').replace(/\ufffd$/, '') + note : output.toString('utf8')
}

/** Commits as a mailbox, as GitHub's `.patch` has them. */
export async function patchSeries(gitDir: string, range: string): Promise<Buffer> {
  const args = ['format-patch', '--stdout', ...plain, '--end-of-options', range]
  return await whole(args, gitDir)
}

/** One commit as a mail, also the first of a history. */
export async function commitPatch(gitDir: string, sha: string): Promise<Buffer> {
  const args = ['format-patch', '--stdout', ...plain, '-1', '--end-of-options', sha]
  return await whole(args, gitDir)
}

async function whole(args: string[], gitDir: string): Promise<Buffer> {
  try {
    return await git(args, { gitDir, limitBytes: textLimitBytes })
  } catch (cause) {
    if (!(cause instanceof GitOutputTooLarge)) throw cause
    throw new ErrandError('invalid_request', {
      message: `Sorry, the diff exceeded the maximum of ${textLimitBytes} bytes; fetch the branch and compare it with git`,
      cause,
    })
  }
}

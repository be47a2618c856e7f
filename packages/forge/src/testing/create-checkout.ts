import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gitEnvironment } from '../git/environment.ts'

const run = promisify(execFile)

export interface TestCheckout extends AsyncDisposable {
  /** Its `.git`: what the functions on a repository are given. */
  gitDir: string
  folder: string
  git(...args: string[]): Promise<string>
  /** Commits files to the branch that is checked out; null removes one. */
  commit(message: string, files: Record<string, string | Buffer | null>): Promise<string>
}

/** A repository of a test's own, to try git's answers on. */
export async function createCheckout(): Promise<TestCheckout> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-git-'))
  const identity = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.com']
  const git = async (...args: string[]) => {
    const { stdout } = await run('git', [...identity, ...args], {
      cwd: folder,
      env: gitEnvironment(),
    })
    return stdout.trim()
  }
  await git('init', '-q', '-b', 'main')
  return {
    gitDir: join(folder, '.git'),
    folder,
    git,
    async commit(message, files) {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(folder, path)), { recursive: true })
        if (content === null) await rm(join(folder, path))
        else await writeFile(join(folder, path), content)
      }
      await git('add', '-A')
      await git('commit', '-q', '--allow-empty', '-m', message)
      return await git('rev-parse', 'HEAD')
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

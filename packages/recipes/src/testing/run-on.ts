import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkOptions } from '../check-options.ts'
import type { Outcome } from '../recipe.ts'
import { loadRecipe } from '../recipes.ts'
import { openRepository, type Repository } from '../repository/repository.ts'

export interface TestCommit {
  message: string
  files?: Record<string, string>
  tag?: string
  /** `Name <email>` */
  author?: string
}

export interface TestRepository extends AsyncDisposable {
  folder: string
  git: (...args: string[]) => string
  open: (revision?: string) => Promise<Repository>
}

/** A checkout with these commits on `main`, in a folder that goes with it. */
export async function createCheckout(commits: readonly TestCommit[]): Promise<TestRepository> {
  const folder = await mkdtemp(join(tmpdir(), 'recipe-'))
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', folder, ...args], { encoding: 'utf8', env: gitEnv() }).trimEnd()
  git('init', '--quiet', '--initial-branch=main')
  for (const { message, files = {}, tag, author = 'Ada Example <ada@example.com>' } of commits) {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), text)
    }
    git('add', '--all', '--force')
    git('commit', '--quiet', '--allow-empty', `--author=${author}`, '-m', message)
    if (tag !== undefined) git('tag', tag)
  }
  return {
    folder,
    git,
    open: (revision = 'HEAD') => openRepository(folder, revision, AbortSignal.timeout(60_000)),
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

function gitEnv(): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_COMMITTER_NAME: 'Ada Example',
    GIT_COMMITTER_EMAIL: 'ada@example.com',
    GIT_AUTHOR_DATE: '2026-01-01T00:00:00Z',
    GIT_COMMITTER_DATE: '2026-01-01T00:00:00Z',
  }
}

/** Runs a recipe on files, or on a history, and gives what it would change. */
export async function runOn(
  name: string,
  options: Record<string, unknown>,
  content: Record<string, string> | readonly TestCommit[],
): Promise<{ outcome: Outcome; after: Record<string, string> }> {
  const commits: readonly TestCommit[] = Array.isArray(content)
    ? content
    : [{ message: 'feat: begin', files: content as Record<string, string> }]
  await using checkout = await createCheckout(commits)
  const recipe = await loadRecipe(name)
  const context = { today: '2026-01-31', signal: AbortSignal.timeout(60_000) }
  const repository = await checkout.open()
  const outcome = await recipe.run(repository, checkOptions(recipe, options), context)
  const changes = outcome.type === 'changes' ? outcome.changes : []
  return { outcome, after: Object.fromEntries(changes.map(({ path, after }) => [path, after])) }
}

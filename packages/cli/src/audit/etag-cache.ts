import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { type FileHandle, mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Environment } from '../settings.ts'

/** An answer as it was last given, with what the server needs to say that it is still so. */
const CachedAnswer = z.object({
  path: z.string(),
  etag: z.string(),
  body: z.string(),
  /** Whether a next page follows. */
  has_next: z.boolean(),
})
export type CachedAnswer = z.infer<typeof CachedAnswer>

/**
 * Answers kept on the disk, so that asking again costs nothing of a rate limit, and an interrupted run
 * goes on where it was: each is written when it comes.
 */
export interface EtagCache extends AsyncDisposable {
  get(path: string): CachedAnswer | undefined
  put(answer: CachedAnswer): Promise<void>
}

/** A cache that keeps nothing beyond this run. */
export function openNoCache(): EtagCache {
  return { get: () => undefined, put: async () => {}, [Symbol.asyncDispose]: async () => {} }
}

/**
 * `$XDG_CACHE_HOME/errand/audit/HASH.jsonl`, one for each server and token: what one may see is another
 * thing than what somebody else may. Of the token only a hash is kept, and nobody else may read the
 * file, since a configuration may hold what should not stand there.
 */
export function cachePath(environment: Environment, server: string, token: string): string {
  const base = environment.XDG_CACHE_HOME || join(environment.HOME || homedir(), '.cache')
  const hash = createHash('sha256')
    .update(JSON.stringify([server, token]))
    .digest('hex')
  return join(base, 'errand', 'audit', `${hash.slice(0, 32)}.jsonl`)
}

export async function openEtagCache(path: string): Promise<EtagCache> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const { answers, lines } = await load(path)
  const file = await open(path, 'a', 0o600)
  // It may be of a time when it was made otherwise.
  await file.chmod(0o600)
  let written = lines
  let last = Promise.resolve()
  return {
    get: (asked) => answers.get(asked),
    async put(answer) {
      answers.set(answer.path, answer)
      written += 1
      // One after the other: a line is never torn by another one.
      last = last.then(() => file.appendFile(`${JSON.stringify(answer)}\n`))
      await last
    },
    async [Symbol.asyncDispose]() {
      await last.catch(() => {})
      await file.close()
      if (written > answers.size * 2) await compact(path, answers)
    },
  }
}

async function load(path: string): Promise<{ answers: Map<string, CachedAnswer>; lines: number }> {
  const answers = new Map<string, CachedAnswer>()
  const text = existsSync(path) ? await readFile(path, 'utf8') : ''
  const lines = text.split('\n').filter((line) => line !== '')
  for (const line of lines) {
    // The last line of a run that died may be torn: it is asked for anew.
    const parsed = CachedAnswer.safeParse(parseJson(line))
    if (parsed.success) answers.set(parsed.data.path, parsed.data)
  }
  // Else what is appended would belong to the torn line.
  return { answers, lines: text === '' || text.endsWith('\n') ? lines.length : await mend(path) }
}

async function mend(path: string): Promise<number> {
  await using file: FileHandle = await open(path, 'a', 0o600)
  await file.appendFile('\n')
  return Number.POSITIVE_INFINITY
}

/** Without the answers that were replaced. */
async function compact(path: string, answers: ReadonlyMap<string, CachedAnswer>): Promise<void> {
  const beside = `${path}.${process.pid}`
  try {
    await using file = await open(beside, 'w', 0o600)
    for (const answer of answers.values()) await file.appendFile(`${JSON.stringify(answer)}\n`)
    await rename(beside, path)
  } finally {
    await rm(beside, { force: true })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

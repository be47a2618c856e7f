import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Log } from '../log.ts'
import { git } from './git.ts'

/** Packing a large repository takes its time; nothing waits for it. */
const timeoutMs = 1_800_000

/**
 * Starts packing repositories that were changed, one at a time and in the background, with git's own
 * judgement of what is worth it. Objects nobody refers to go after two weeks, git's default.
 */
export function startTidying(
  gitFolder: (id: number) => string,
  log: Log,
): { tidy: (id: number) => void; close: () => Promise<void> } {
  const waiting = new Set<number>()
  const stopping = new AbortController()
  let working: Promise<void> | undefined

  async function work(): Promise<void> {
    for (const id of waiting) {
      waiting.delete(id)
      if (stopping.signal.aborted) return
      try {
        await git(['gc', '--auto', '--quiet'], {
          gitDir: gitFolder(id),
          config: [
            ['gc.auto', '2000'],
            ['gc.autoPackLimit', '30'],
          ],
          timeoutMs,
          signal: stopping.signal,
        })
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ err: error, repositoryId: id }, 'packing failed')
      }
    }
    working = undefined
  }

  return {
    tidy(id: number): void {
      waiting.add(id)
      working ??= work()
    },
    async close(): Promise<void> {
      stopping.abort()
      await working
    },
  }
}

/**
 * Removes the locks and half-received packs that a crash left in a bare repository: nobody else would,
 * and a locked branch takes no push. Only for a repository nobody works on.
 */
export async function removeLeftovers(gitDir: string): Promise<void> {
  const locks = [
    'HEAD.lock',
    'config.lock',
    'packed-refs.lock',
    'gc.pid',
    'gc.pid.lock',
    'shallow.lock',
  ]
  for (const name of locks) await rm(join(gitDir, name), { force: true })
  const refs = join(gitDir, 'refs')
  for (const entry of await readdir(refs, { recursive: true, withFileTypes: true })) {
    // No ref's name may end so.
    if (entry.isFile() && entry.name.endsWith('.lock')) await rm(join(entry.parentPath, entry.name))
  }
  const objects = join(gitDir, 'objects')
  for (const name of await readdir(objects)) {
    if (name.startsWith('tmp_objdir-')) await rm(join(objects, name), { recursive: true })
  }
}

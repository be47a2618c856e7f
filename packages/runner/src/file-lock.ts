import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type FileHandle, open, stat } from 'node:fs/promises'

import { hasCode } from './error-code.ts'

/** A file locked for this holder alone, also among other processes of the machine. */
export interface FileLock extends AsyncDisposable {
  /** Given to a child, it keeps the lock for as long as the child lives, even if we die. */
  fd: number
  release(): Promise<void>
}

export interface FileLockOptions {
  /** How long to wait for another holder; 0 asks once. Default: until the signal aborts. */
  waitMs?: number
  /** Default true: the file is made where there is none. */
  create?: boolean
  signal: AbortSignal
}

/**
 * Locks a file by flock(2). The kernel frees it when the last process that has it open is gone,
 * however it went: nothing stale is ever left behind. Node has no call for it, but the lock belongs
 * to the open file, which a short-lived `flock` shares with us.
 *
 * Undefined when somebody else has it for longer than `waitMs`, or when it was removed.
 */
export async function lockFile(
  path: string,
  { waitMs, create = true, signal }: FileLockOptions,
): Promise<FileLock | undefined> {
  const file = await openFile(path, create)
  if (file === undefined) return undefined
  try {
    const isLocked = await flock(file, waitMs, signal)
    // Whoever had it before may have removed the file: a lock on it would be one on nothing.
    if (!isLocked || !(await isStillThere(path, file))) {
      await file.close()
      return undefined
    }
  } catch (error) {
    await file.close()
    throw error
  }
  let isOpen = true
  const release = async (): Promise<void> => {
    if (!isOpen) return
    isOpen = false
    await file.close()
  }
  return { fd: file.fd, release, [Symbol.asyncDispose]: release }
}

async function openFile(path: string, create: boolean): Promise<FileHandle | undefined> {
  try {
    return await open(path, create ? 'a' : 'r+')
  } catch (error) {
    if (!create && hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

async function flock(
  file: FileHandle,
  waitMs: number | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted()
  const wait = waitMs === undefined ? [] : ['--timeout', String(waitMs / 1000)]
  const child = spawn('flock', ['--exclusive', ...wait, '3'], {
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    stdio: ['ignore', 'ignore', 'ignore', file.fd],
  })
  const stop = (): void => void child.kill()
  signal.addEventListener('abort', stop)
  // The arguments of Node's exit event.
  const [code] = (await once(child, 'exit')) as [number | null]
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  return code === 0
}

async function isStillThere(path: string, file: FileHandle): Promise<boolean> {
  try {
    const [there, held] = await Promise.all([stat(path), file.stat()])
    return there.ino === held.ino && there.dev === held.dev
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return false
    throw error
  }
}

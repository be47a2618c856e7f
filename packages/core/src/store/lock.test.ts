import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { DataFolderLocked, lockFolder } from './lock.ts'
import { openStore } from './open.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'errand-lock-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

describe('the lock of the data folder', () => {
  it('is refused to a second opener in the same process', () => {
    const lock = lockFolder(folder)

    expect(() => lockFolder(folder)).toThrow(DataFolderLocked)

    lock.release()
  })

  it('can be taken again once it is released', () => {
    lockFolder(folder).release()

    expect(() => lockFolder(folder).release()).not.toThrow()
  })

  it('is refused while another process holds it, and free as soon as that one is killed', async () => {
    const holder = await holdInAnotherProcess()
    expect(() => lockFolder(folder)).toThrow(DataFolderLocked)

    holder.kill('SIGKILL')
    await once(holder, 'exit')

    expect(() => lockFolder(folder).release()).not.toThrow()
  })

  it('keeps a second store off the folder, with a message that says what to do', async () => {
    await using store = await openStore({ dataDir: folder })
    expect(store.kind).toBe('pglite')

    await expect(openStore({ dataDir: folder })).rejects.toThrow(/in use by another Errand.*--data/)
  })

  it('says what is wrong when the folder cannot be written', () => {
    expect(() => lockFolder(join(folder, 'missing'))).toThrow(/unable to open/)
  })
})

async function holdInAnotherProcess() {
  const lockModule = new URL('./lock.ts', import.meta.url).href
  const program = `
    const { lockFolder } = await import(${JSON.stringify(lockModule)})
    lockFolder(${JSON.stringify(folder)})
    process.stdout.write('held')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

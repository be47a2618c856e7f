import { open } from 'node:fs/promises'

/** A new file is only there after a crash when its folder is on the disk too. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

import type { FileHandle } from 'node:fs/promises'
import type { Server } from 'node:net'

/**
 * Listens on a unix socket in an open folder. A socket's path may have 107 bytes, and data folders are deep:
 * so it is named by way of the folder, which is short. Node removes the socket by the same name: the folder
 * stays open until then.
 */
export async function listenInFolder(
  server: Server,
  folder: FileHandle,
  name: string,
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(`/proc/self/fd/${folder.fd}/${name}`, resolve)
  })
}

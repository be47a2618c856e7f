import { once } from 'node:events'
import type { Socket } from 'node:net'

/**
 * So many bytes of what comes, and no more; undefined where it ends before. Never rejects.
 *
 * @param signal gives up
 */
export async function readBytes(
  socket: Socket,
  count: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  let held = Buffer.alloc(0)
  while (held.length < count) {
    const chunk = await nextChunk(socket, signal)
    if (chunk === undefined) return undefined
    held = Buffer.concat([held, chunk])
  }
  if (held.length > count) socket.unshift(held.subarray(count))
  return held.subarray(0, count)
}

/** All that is there, so that what is `readable` afterwards is new. */
async function nextChunk(socket: Socket, signal: AbortSignal): Promise<Buffer | undefined> {
  for (;;) {
    // Buffers, since no encoding is set; null when there is nothing yet.
    const chunk = socket.read() as Buffer | null
    if (chunk !== null) return chunk
    if (socket.destroyed || socket.readableEnded || signal.aborted) return undefined
    const over = new AbortController()
    const options = { signal: AbortSignal.any([signal, over.signal]) }
    try {
      const events = ['readable', 'end', 'close'].map((name) => once(socket, name, options))
      await Promise.race(events)
    } catch {
      // Given up, or broken: both are an end.
      return undefined
    } finally {
      over.abort()
    }
  }
}

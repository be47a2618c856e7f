import type { Socket } from 'node:net'

/** Of a command line, as it is told of. */
const longestPreamble = 2048

/**
 * The forwarder inside a sandbox begins each connection with one line of JSON: the command that
 * connects. HTTP never begins with a brace, so what begins otherwise has none. Never rejects.
 */
export async function readPreamble(socket: Socket): Promise<string | undefined> {
  let text = Buffer.alloc(0)
  for (;;) {
    const chunk = await nextChunk(socket)
    if (chunk === undefined) return undefined
    text = Buffer.concat([text, chunk])
    if (text[0] !== '{'.charCodeAt(0)) {
      socket.unshift(text)
      return undefined
    }
    const end = text.indexOf('\n')
    if (end !== -1) {
      if (end + 1 < text.length) socket.unshift(text.subarray(end + 1))
      return commandIn(text.subarray(0, end).toString('utf8'))
    }
    if (text.length > longestPreamble) {
      socket.destroy()
      return undefined
    }
  }
}

async function nextChunk(socket: Socket): Promise<Buffer | undefined> {
  for (;;) {
    // Buffers, since no encoding is set; null when there is nothing yet.
    const chunk = socket.read() as Buffer | null
    if (chunk !== null) return chunk
    if (socket.destroyed || socket.readableEnded) return undefined
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        for (const event of ['readable', 'end', 'close']) socket.off(event, settle)
        resolve()
      }
      for (const event of ['readable', 'end', 'close']) socket.once(event, settle)
    })
  }
}

function commandIn(line: string): string | undefined {
  try {
    const value: unknown = JSON.parse(line)
    if (typeof value !== 'object' || value === null || !('command' in value)) return undefined
    if (typeof value.command !== 'string' || value.command === '') return undefined
    return value.command.slice(0, 500)
  } catch {
    return undefined
  }
}

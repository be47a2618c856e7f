import { connect, type Socket } from 'node:net'
import { pipeline } from 'node:stream'

/** What a server of the box may listen on and call localhost. */
const loopback = ['127.0.0.1', '::1']
/** Of `{"port":65535}` and its line break. */
const longestLine = 64

/**
 * Offers the ports of this sandbox's own network to whoever listens on a unix socket outside. It is called
 * from here, since a socket that was made in here could be exchanged for a link to one of the host.
 *
 * One connection waits at a time. It is answered with a line that names a port; from here comes one byte,
 * `+` where something listens there, and then what that says, or `-`.
 */
export function openWayIn(socketPath: string): void {
  const outside = connect({ path: socketPath, allowHalfOpen: true })
  outside.on('error', () => outside.destroy())
  let line = ''
  outside.on('data', function read(chunk: Buffer) {
    const end = chunk.indexOf(10)
    line += chunk.subarray(0, end === -1 ? chunk.length : end).toString('latin1')
    if (end === -1 && line.length <= longestLine) return
    outside.off('data', read).pause()
    openWayIn(socketPath)
    if (end === -1) outside.destroy()
    else {
      outside.unshift(chunk.subarray(end + 1))
      void join(outside, line)
    }
  })
}

/** Never rejects. */
async function join(outside: Socket, line: string): Promise<void> {
  // The runner wrote it.
  const { port } = JSON.parse(line) as { port: number }
  const server = await reach(port)
  if (server === undefined) {
    outside.end('-')
    return
  }
  outside.write('+')
  const ignore = (): void => {}
  pipeline(outside, server, ignore)
  pipeline(server, outside, ignore)
}

async function reach(port: number): Promise<Socket | undefined> {
  for (const host of loopback) {
    const server = connect({ host, port, allowHalfOpen: true })
    const isThere = await new Promise<boolean>((resolve) => {
      server.once('connect', () => resolve(true))
      server.on('error', () => resolve(false))
    })
    if (isThere) return server
  }
  return undefined
}

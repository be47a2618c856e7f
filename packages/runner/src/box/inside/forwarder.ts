import { connect, createServer, type Server, type Socket } from 'node:net'
import { pipeline } from 'node:stream'

import type { ForwardInside } from './control.ts'
import { findCommand } from './find-command.ts'

/**
 * Forwards connections to 127.0.0.1:`port` to a unix socket: the only way out of a box.
 * Resolves when it listens.
 */
export function startForwarder(forward: ForwardInside): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const outside = connect({ path: forward.socketPath, allowHalfOpen: true })
    if (forward.tellsCommand) outside.write(introduce(client))
    // pipeline carries back-pressure both ways, so that one connection buffers some 100 KiB at most,
    // and destroys the other end on an error, which is then known to both.
    const ignore = (): void => {}
    pipeline(client, outside, ignore)
    pipeline(outside, client, ignore)
  })
  // Far above what an agent's HTTP client opens, far below the launcher's open files.
  server.maxConnections = 256
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(forward.port, '127.0.0.1', () => {
      resolve(server)
    })
  })
}

/** The line a connection begins with, for whoever listens outside. */
function introduce({ remotePort }: Socket): string {
  const command = remotePort === undefined ? undefined : findCommand(remotePort)
  return `${JSON.stringify({ command: command ?? '' })}\n`
}

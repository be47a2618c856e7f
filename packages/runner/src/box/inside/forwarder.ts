import { connect, createServer, type Server } from 'node:net'
import { pipeline } from 'node:stream'

/**
 * Forwards connections to 127.0.0.1:`port` to the unix socket: the only way out of a box.
 * Resolves when it listens.
 */
export function startForwarder(port: number, socketPath: string): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const gateway = connect({ path: socketPath, allowHalfOpen: true })
    // pipeline carries back-pressure both ways, so that one connection buffers some 100 KiB at most,
    // and destroys the other end on an error, which is then known to both.
    const ignore = (): void => {}
    pipeline(client, gateway, ignore)
    pipeline(gateway, client, ignore)
  })
  // Far above what an agent's HTTP client opens, far below the launcher's open files.
  server.maxConnections = 256
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => {
      resolve(server)
    })
  })
}

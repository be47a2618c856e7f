import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Support for tests: a PostgreSQL whose connections can be cut at a chosen moment. */
export interface CuttingProxy {
  url: string
  /** Cuts the next connection that commits: before the server hears of it, or after it has done it. */
  cutNextCommit(when: 'before' | 'after'): void
  /** Cuts all connections, and while it is away every new one. */
  setAway(isAway: boolean): void
  /** How many commits were cut so far. */
  cuts(): number
  close(): Promise<void>
}

export async function proxyPostgres(databaseUrl: string): Promise<CuttingProxy> {
  const target = new URL(databaseUrl)
  const folder = target.searchParams.get('host')
  const sockets = new Set<Socket>()
  let cutCommit: 'before' | 'after' | undefined
  let isAway = false
  let cuts = 0

  const server = createServer((client) => {
    if (isAway) {
      client.destroy()
      return
    }
    const upstream =
      folder === null
        ? connect(Number(target.port || 5432), target.hostname)
        : connect(`${folder}/.s.PGSQL.5432`)
    let isCutting = false
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('error', () => socket.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.on('data', (chunk) => {
      if (cutCommit !== undefined && isCommit(chunk)) {
        isCutting = true
        const when = cutCommit
        cutCommit = undefined
        cuts += 1
        if (when === 'before') {
          client.destroy()
          return
        }
      }
      upstream.write(chunk)
    })
    upstream.on('data', (chunk) => {
      // The answer to the commit: it has happened, and nobody is told.
      if (isCutting) client.destroy()
      else client.write(chunk)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // A server that listens on a port has an address with one.
  const { port } = server.address() as AddressInfo
  const url = new URL(databaseUrl)
  url.searchParams.delete('host')
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return {
    url: url.href,
    cutNextCommit(when) {
      cutCommit = when
    },
    setAway(away) {
      isAway = away
      if (isAway) for (const socket of sockets) socket.destroy()
    },
    cuts: () => cuts,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A simple query of the wire protocol: Q, four bytes of length, the text. */
function isCommit(chunk: Buffer): boolean {
  return chunk[0] === 0x51 && /^commit/i.test(chunk.subarray(5).toString('latin1'))
}

import { open } from 'node:fs/promises'
import { BlockList, createServer, isIP, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream'

import { type Forward, firewallPort, gatewayPort } from '../box/index.ts'
import { listenInFolder } from '../listen-in-folder.ts'
import { createPortsInside, type PortsInside } from './ports-inside.ts'
import { readSocksTarget, socksReplies, socksReply } from './socks.ts'

/** The way from one sandbox to the servers of another: to its localhost, and to nothing else. */
export interface Localhost extends AsyncDisposable {
  /** For the sandbox that has the servers: `BoxOptions.wayIn`. */
  wayIn: string
  /** For the one that reaches them: a SOCKS proxy (RFC 1928), which is all of the network it needs. */
  forward: Forward
}

/** Where the proxy is inside. */
export const localhostPort = 4012

/** Connections at a time; a browser opens six to one server. */
const mostConnections = 256
const handshakeMs = 30_000

/** The agent's own ways out are not there for anybody else. */
const waysOut: readonly number[] = [gatewayPort, firewallPort]
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/**
 * Opens the way to the localhost of a session's agent.
 *
 * @param place where the sockets are made, and what tells their names from those of other attempts
 */
export async function openLocalhost(place: {
  runDir: string
  attempt: number
}): Promise<Localhost> {
  const ports = createPortsInside()
  const connections = new Set<Socket>()
  const listenTo = (onConnection: (socket: Socket) => void): Server => {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      connections.add(socket)
      socket.on('close', () => connections.delete(socket))
      socket.on('error', () => socket.destroy())
      onConnection(socket)
    })
    server.maxConnections = mostConnections
    return server
  }
  const inside = listenTo((socket) => ports.add(socket))
  const proxy = listenTo((socket) => void serve(ports, socket))
  const names = {
    inside: `localhost-${place.attempt}.sock`,
    proxy: `localhost-proxy-${place.attempt}.sock`,
  }
  const folder = await open(place.runDir, 'r')
  await listenInFolder(inside, folder, names.inside)
  await listenInFolder(proxy, folder, names.proxy)
  return {
    wayIn: join(place.runDir, names.inside),
    forward: { port: localhostPort, socketPath: join(place.runDir, names.proxy) },
    async [Symbol.asyncDispose]() {
      const closed = [inside, proxy].map((server) => new Promise((done) => server.close(done)))
      for (const socket of connections) socket.destroy()
      await Promise.all(closed)
      await folder.close()
    },
  }
}

/** Never rejects. */
async function serve(ports: PortsInside, client: Socket): Promise<void> {
  const target = await readSocksTarget(client, AbortSignal.timeout(handshakeMs))
  if (target === undefined) {
    client.destroy()
    return
  }
  if (!isLocalhost(target.host) || waysOut.includes(target.port)) {
    client.end(socksReply(socksReplies.notAllowed))
    return
  }
  const server = await ports.connect(target.port)
  if (server === undefined) {
    client.end(socksReply(socksReplies.refused))
    return
  }
  client.write(socksReply(socksReplies.succeeded))
  const ignore = (): void => {}
  pipeline(client, server, ignore)
  pipeline(server, client, ignore)
}

/** RFC 6761, 6.3: names below it are no others. */
function isLocalhost(host: string): boolean {
  const version = isIP(host)
  if (version !== 0) return loopback.check(host, version === 4 ? 'ipv4' : 'ipv6')
  return /^(?:.+\.)?localhost\.?$/i.test(host)
}

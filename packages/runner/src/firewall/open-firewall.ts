import type { lookup as dnsLookup } from 'node:dns'
import { open } from 'node:fs/promises'
import { Agent as HttpAgent, createServer, type Server } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { createServer as createSocketServer, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { createSecureContext, type SecureContext } from 'node:tls'

import { createGuardedLookup } from '@errand/core'

import { listenInFolder } from '../listen-in-folder.ts'
import type { Destination } from './allowlist.ts'
import { type CertificateAuthority, createAuthority } from './certificates.ts'
import { acceptTunnel } from './tunnel.ts'
import { passRequest, urlOf } from './pass-request.ts'
import type { Blocked, FirewallPolicy } from './policy.ts'
import { readPreamble } from './preamble.ts'

/** The way out of a sandbox to the internet: a proxy that lets pass what its policy allows. */
export interface Firewall extends AsyncDisposable {
  /** On the host, to be bound into the sandbox. */
  socketPath: string
  /** Of the authority that sandbox has to believe, as PEM: requests to some hosts are read. */
  certificate: string
}

export interface FirewallOptions {
  /** Where the socket is made. */
  runDir: string
  /** Of the socket; another for each attempt, since a killed runner leaves its own behind. */
  socketName: string
  policy: FirewallPolicy
  /**
   * Certificates of the authorities that servers are checked by, as PEM, where TLS is read. Default: those
   * of Node.
   */
  trusted?: string
  onBlocked: (blocked: Blocked) => void
  /** Default: the machine's resolver. */
  resolve?: typeof dnsLookup
}

/** Everything the parts of one firewall work with. */
export interface FirewallState extends FirewallOptions {
  authority: CertificateAuthority
  lookup: ReturnType<typeof createGuardedLookup>
  httpAgent: HttpAgent
  /** Made at its first use: few sessions have one, and there are some hundred authorities to be read. */
  httpsAgent: () => HttpsAgent
  /** Reads what comes out of a tunnel that was opened to be read. */
  inner: Server
  /** The tunnel a connection came through. */
  tunnels: WeakMap<object, Destination>
  /** Answers that are on their way. */
  passing: Set<object>
  /** What tried to connect, by its connection. */
  processes: WeakMap<object, string>
}

/** Connections at a time; a package manager opens some fifty. */
const mostConnections = 512
/** A proxy's client has sent its headers by then. */
const headersTimeoutMs = 30_000

/**
 * Opens the firewall of one sandbox on a unix socket of its own: the policy belongs to the socket, so
 * that what shares a machine need not share a policy. It is an HTTP proxy (RFC 9110 7.6, 9.3.6).
 */
export async function openFirewall(options: FirewallOptions): Promise<Firewall> {
  const { runDir, socketName, policy } = options
  const lookup = createGuardedLookup(policy.mayReach, options.resolve)
  let httpsAgent: HttpsAgent | undefined
  const state: FirewallState = {
    ...options,
    authority: await createAuthority(),
    lookup,
    httpAgent: new HttpAgent({ keepAlive: true, lookup }),
    httpsAgent() {
      httpsAgent ??= new HttpsAgent({
        keepAlive: true,
        lookup,
        // Once for all connections.
        secureContext: trusting(options.trusted),
      })
      return httpsAgent
    },
    inner: createServer({ headersTimeout: headersTimeoutMs }),
    tunnels: new WeakMap(),
    passing: new Set(),
    processes: new WeakMap(),
  }
  const outer = createServer({ headersTimeout: headersTimeoutMs })
  outer.on('request', (request, response) => {
    const url = urlOf(request)
    void passRequest(state, request, response, url)
  })
  outer.on('connect', (request, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    void acceptTunnel(state, { target: request.url ?? '', socket, head })
  })
  state.inner.on('request', (request, response) => {
    const tunnel = state.tunnels.get(request.socket)
    void passRequest(state, request, response, tunnel && urlOf(request, tunnel))
  })

  const connections = new Set<Socket>()
  const server = createSocketServer((socket) => {
    connections.add(socket)
    socket.on('close', () => connections.delete(socket))
    socket.on('error', () => socket.destroy())
    void receive(state, outer, socket)
  })
  server.maxConnections = mostConnections
  const folder = await open(runDir, 'r')
  await listenInFolder(server, folder, socketName)
  return {
    socketPath: join(runDir, socketName),
    certificate: state.authority.certificate,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve))
      for (const socket of connections) socket.destroy()
      state.httpAgent.destroy()
      httpsAgent?.destroy()
      await closed
      await folder.close()
    },
  }
}

function trusting(certificates: string | undefined): SecureContext {
  return createSecureContext(certificates === undefined ? {} : { ca: certificates })
}

async function receive(state: FirewallState, outer: Server, socket: Socket): Promise<void> {
  const process = await readPreamble(socket)
  if (process !== undefined) state.processes.set(socket, process)
  outer.emit('connection', socket)
}

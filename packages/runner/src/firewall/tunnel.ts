import { connect, isIP } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { TLSSocket } from 'node:tls'

import type { FirewallRule } from '@errand/contract'
import { AddressRefused } from '@errand/core'

import type { Destination } from './allowlist.ts'
import { readClientHello } from './client-hello.ts'
import type { FirewallState } from './open-firewall.ts'
import { codeOf, destinationOf, explain } from './pass-request.ts'
import { judgeTunnel } from './policy.ts'

/** What a CONNECT asks for. */
export interface TunnelRequest {
  /** `host:port`. */
  target: string
  socket: Duplex
  /** What came behind the headers. */
  head: Buffer
}

const helloTimeoutMs = 15_000
const connectTimeoutMs = 30_000
const silenceMs = 10 * 60_000

/**
 * Opens a tunnel, or answers why there is none. A tunnel carries TLS to the very server it was opened to;
 * where only some paths of that server are allowed it is read, with a certificate the sandbox believes.
 * Never rejects.
 */
export async function acceptTunnel(state: FirewallState, request: TunnelRequest): Promise<void> {
  const { socket } = request
  const destination = parseTarget(request.target)
  if (destination === undefined) return refuse(socket, 400, 'CONNECT takes a host and a port.')
  const block = (rule: FirewallRule): void => {
    const process = state.processes.get(socket)
    const isReportOnly = state.policy.isReportOnly && rule === 'not_allowed'
    const told = { ...destination, rule, isReportOnly }
    state.onBlocked({ ...told, ...(process === undefined ? {} : { process }) })
  }
  const isClosed =
    state.policy.isEnabled && state.policy.allowlist.judgeHost(destination).type === 'closed'
  if (isClosed) block('not_allowed')
  try {
    switch (judgeTunnel(state.policy, destination)) {
      case 'closed':
        return refuse(socket, 403, explain('not_allowed', request.target))
      case 'by_path':
        return await readTunnel(state, request, destination)
      case 'open':
        return await passTunnel(state, request, destination, block)
    }
  } catch (error) {
    if (error instanceof AddressRefused) {
      block('private_address')
      return refuse(socket, 403, explain('private_address', request.target))
    }
    refuse(socket, 502, `${request.target} could not be reached: ${codeOf(error)}.`)
  }
}

function parseTarget(target: string): Destination | undefined {
  if (!/^(\[[\da-f:.]+\]|[\w.-]+):\d{1,5}$/i.test(target)) return undefined
  const url = URL.parse(`https://${target}/`)
  return url === null ? undefined : destinationOf(url)
}

async function passTunnel(
  state: FirewallState,
  { socket, head }: TunnelRequest,
  destination: Destination,
  block: (rule: FirewallRule) => void,
): Promise<void> {
  const upstream = await open(state, destination)
  upstream.on('error', () => socket.destroy())
  socket.on('close', () => upstream.destroy())
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
  if (state.policy.isEnabled) {
    const begun = await readHello(socket, head, destination)
    if (typeof begun === 'string') {
      block(begun)
      // Also where it is only told of: what this is nobody can say.
      socket.destroy()
      return
    }
    upstream.write(begun)
  } else upstream.write(head)
  // Either end may go first; what broke is told to the other by its end.
  const ignore = (): void => undefined
  await Promise.all([
    pipeline(socket, upstream).catch(ignore),
    pipeline(upstream, socket).catch(ignore),
  ])
}

/** The first bytes, when they are TLS to that host; else why they may not pass. */
async function readHello(
  socket: Duplex,
  head: Buffer,
  { host }: Destination,
): Promise<Buffer | FirewallRule> {
  const timeout = AbortSignal.timeout(helloTimeoutMs)
  let bytes = head
  for (;;) {
    const hello = readClientHello(bytes)
    if (hello.type === 'not_tls') return 'not_tls'
    if (hello.type === 'tls') {
      const { serverName } = hello
      // An address is not named (RFC 6066, 3).
      const isSame = serverName === undefined ? isIP(host) !== 0 : serverName.toLowerCase() === host
      return isSame ? bytes : 'other_server'
    }
    const chunk = await nextChunk(socket, timeout)
    if (chunk === undefined) return 'not_tls'
    bytes = Buffer.concat([bytes, chunk])
  }
}

async function nextChunk(socket: Duplex, signal: AbortSignal): Promise<Buffer | undefined> {
  while (!socket.destroyed && !socket.readableEnded && !signal.aborted) {
    const chunk = socket.read() as Buffer | null // no encoding is set
    if (chunk !== null) return chunk
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        for (const event of ['readable', 'end', 'close']) socket.off(event, settle)
        signal.removeEventListener('abort', settle)
        resolve()
      }
      for (const event of ['readable', 'end', 'close']) socket.once(event, settle)
      signal.addEventListener('abort', settle)
    })
  }
  return undefined
}

async function readTunnel(
  state: FirewallState,
  { socket, head }: TunnelRequest,
  destination: Destination,
): Promise<void> {
  const secureContext = await state.authority.contextFor(destination.host)
  socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
  if (head.length > 0) socket.unshift(head)
  const inside = new TLSSocket(socket, {
    isServer: true,
    secureContext,
    ALPNProtocols: ['http/1.1'],
  })
  inside.on('error', () => socket.destroy())
  socket.on('close', () => inside.destroy())
  const process = state.processes.get(socket)
  if (process !== undefined) state.processes.set(inside, process)
  state.tunnels.set(inside, destination)
  state.inner.emit('connection', inside)
}

/** @throws AddressRefused, or the system's error */
async function open({ lookup, policy }: FirewallState, { host, port }: Destination) {
  if (isIP(host) !== 0 && !policy.mayReach(host)) throw new AddressRefused(host)
  const upstream = connect({ host, port, lookup, noDelay: true })
  const abort = new AbortController()
  try {
    await Promise.race([
      new Promise<void>((resolve, reject) => {
        upstream.once('connect', resolve)
        upstream.once('error', reject)
      }),
      delay(connectTimeoutMs, undefined, { signal: abort.signal }).then(() => {
        throw Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' })
      }),
    ])
  } catch (error) {
    upstream.destroy()
    throw error
  } finally {
    abort.abort()
  }
  upstream.setTimeout(silenceMs, () => upstream.destroy())
  return upstream
}

function refuse(socket: Duplex, status: 400 | 403 | 502, message: string): void {
  const names = { 400: 'Bad Request', 403: 'Forbidden', 502: 'Bad Gateway' }
  if (!socket.writable) return
  const headers = ['Content-Type: text/plain', 'Connection: close']
  socket.end(`HTTP/1.1 ${status} ${names[status]}\r\n${headers.join('\r\n')}\r\n\r\n${message}\n`)
}

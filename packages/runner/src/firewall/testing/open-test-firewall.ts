import { mkdtemp, rm } from 'node:fs/promises'
import { type IncomingHttpHeaders, request, type RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { connect as connectTls, type TLSSocket } from 'node:tls'

import { compileAllowlist } from '../allowlist.ts'
import { openFirewall } from '../open-firewall.ts'
import type { Blocked, FirewallPolicy } from '../policy.ts'
import { resolverOf } from './resolver-of.ts'
import { startSite } from './start-site.ts'

export interface Answer {
  status: number
  body: string
  headers: IncomingHttpHeaders
}

/** A server of the test's for every name, over TLS and without, with a firewall before it. */
export async function openTestFirewall(
  entries: readonly string[],
  options: Partial<FirewallPolicy> & {
    addresses?: Record<string, string>
    serve?: RequestListener
  } = {},
) {
  const blocked: Blocked[] = []
  const site = await startSite(options.serve === undefined ? {} : { serve: options.serve })
  const { authority, ports, seen } = site
  const runDir = await mkdtemp(join(tmpdir(), 'errand-firewall-'))
  const firewall = await openFirewall({
    runDir,
    socketName: 'firewall.sock',
    trusted: authority.certificate,
    policy: {
      isEnabled: true,
      isReportOnly: false,
      mayReach: () => true,
      ...options,
      allowlist: compileAllowlist(entries.map((entry) => withPorts(entry, ports))),
    },
    onBlocked: (what) => blocked.push(what),
    // Every name is this machine, but those that are said to be elsewhere.
    resolve: resolverOf((name) => options.addresses?.[name] ?? '127.0.0.1'),
  })
  const { socketPath } = firewall

  return {
    firewall,
    ports,
    seen,
    blocked,
    authority,
    /** A request to `http://` by way of the proxy, exactly as it is written. */
    async plain(target: string, headers: Record<string, string> = {}): Promise<Answer> {
      const sent = request({ socketPath, path: withPorts(target, ports), headers, agent: false })
      return await answerOf(sent)
    },
    /** A tunnel. Undefined where it is refused; `refusal` has the reason. */
    async tunnel(target: string): Promise<Duplex> {
      const path = withPorts(target, ports)
      const sent = request({ socketPath, method: 'CONNECT', path, agent: false })
      sent.end()
      return await new Promise((resolve, reject) => {
        sent.once('error', reject)
        sent.once('connect', (answer, socket, head) => {
          if (answer.statusCode === 200) resolve(socket)
          else reject(new Error(`${answer.statusCode} ${head.toString()}`))
        })
      })
    },
    /** A request over TLS through a tunnel, as any client makes it. */
    async get(
      host: string,
      path: string,
      {
        serverName = host,
        ca = firewall.certificate + authority.certificate,
        hostHeader = '',
      } = {},
    ): Promise<Answer> {
      const socket = await this.tunnel(`${host}:HTTPS`)
      const secured = connectTls({
        socket,
        servername: serverName,
        ca,
        ALPNProtocols: ['http/1.1'],
      })
      await untilSecure(secured)
      const sent = request({
        createConnection: () => secured,
        path,
        headers: { host: hostHeader || `${host}:${ports.https}` },
      })
      return await answerOf(sent)
    },
    async [Symbol.asyncDispose]() {
      await firewall[Symbol.asyncDispose]()
      site.close()
      await rm(runDir, { recursive: true })
    },
  }
}

async function untilSecure(socket: TLSSocket): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('closed')))
  })
}

async function answerOf(sent: ReturnType<typeof request>): Promise<Answer> {
  return await new Promise((resolve, reject) => {
    sent.once('error', reject)
    sent.once('response', (answer) => {
      const { statusCode: status = 0, headers } = answer
      void text(answer).then((body) => resolve({ status, body, headers }), reject)
    })
    sent.end()
  })
}

/** `HTTP` and `HTTPS` stand for the ports of the test's servers. */
function withPorts(target: string, ports: { http: number; https: number }): string {
  return target.replace(':HTTPS', `:${ports.https}`).replace(':HTTP', `:${ports.http}`)
}

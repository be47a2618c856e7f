import { isIP } from 'node:net'

import type { McpServer } from '@errand/contract'
import { AddressRefused, createGuardedLookup } from '@errand/core'
import {
  type FetchLike,
  SSEClientTransport,
  StreamableHTTPClientTransport,
  type Transport,
} from '@modelcontextprotocol/client'
import { Agent, fetch as fetchBy } from 'undici'

import { endOfEvents } from '../gateway/answer/server-sent-events.ts'
import { longestMessageBytes, type ServerWay } from './connection.ts'

export type RemoteServer = Extract<McpServer, { type: 'http' | 'sse' }>

export function isRemote(server: McpServer): server is RemoteServer {
  return server.type === 'http' || server.type === 'sse'
}

/** From where a runner calls servers elsewhere. */
export interface RemoteOptions {
  /** Of a numeric address: what is private to the runner only where its operator says so. */
  mayReach: (address: string) => boolean
  /** Authorities that are believed, as PEM. Default: those of Node. */
  trusted?: string
}

/**
 * The way to a server elsewhere, which the runner itself calls: its headers never come near a box. It goes to
 * the origin that the configuration names and to nowhere else, whatever that answers.
 *
 * @throws Error in words, where the URL is none
 */
export function openRemoteWay(server: RemoteServer, options: RemoteOptions): ServerWay {
  const url = URL.parse(server.url)
  if (url === null || !/^https?:$/.test(url.protocol)) throw new Error('has no http or https URL')
  const agent = new Agent({
    connect: {
      lookup: createGuardedLookup(options.mayReach),
      ...(options.trusted === undefined ? {} : { ca: options.trusted }),
    },
    // A stream on which nothing is told is no fault; calls have limits of their own.
    bodyTimeout: 0,
  })
  let why: string | undefined
  const fetch = boundedFetch(agent, url.origin, options, (reason) => (why = reason))
  const transport = openTransport(url, server, fetch)
  return {
    transport,
    explainEnd: async () => why,
    async [Symbol.asyncDispose]() {
      await transport.close()
      await agent.destroy()
    },
  }
}

function openTransport(
  url: URL,
  { type, headers = {} }: RemoteServer,
  fetch: FetchLike,
): Transport {
  const options = { fetch, requestInit: { headers } }
  if (type === 'sse') return new SSEClientTransport(url, { ...options, eventSourceInit: { fetch } })
  return new StreamableHTTPClientTransport(url, options)
}

function boundedFetch(
  agent: Agent,
  origin: string,
  { mayReach }: RemoteOptions,
  onFault: (reason: string) => void,
): FetchLike {
  return async (target, init) => {
    const url = new URL(target)
    if (url.origin !== origin) throw new Error(`sends us to another server, ${url.origin}`)
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    // An address is not looked up, so the lookup cannot refuse it.
    if (isIP(host) !== 0 && !mayReach(host)) throw new AddressRefused(host)
    // undici's types and Node's are of the same objects. What leads elsewhere is for the transport to refuse.
    const asked = { ...init, redirect: 'manual', dispatcher: agent } as Parameters<
      typeof fetchBy
    >[1]
    try {
      const answer = await fetchBy(url, asked)
      return bound(answer, onFault)
    } catch (error) {
      const cause = error instanceof Error ? error.cause : undefined
      // undici says no more than that it failed.
      throw cause instanceof Error ? cause : error
    }
  }
}

/** An answer that ends, or whose events each do. */
function bound(answer: Response, onFault: (reason: string) => void): Response {
  if (answer.body === null) return answer
  const isStream = answer.headers.get('content-type')?.startsWith('text/event-stream') === true
  let bytes = 0
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      const end = isStream ? endOfEvents(viewOf(chunk)) : 0
      bytes = end === 0 ? bytes + chunk.length : chunk.length - end
      if (bytes > longestMessageBytes) {
        const reason = `sent a message of more than ${longestMessageBytes / 1024 / 1024} MiB`
        onFault(reason)
        controller.error(new Error(reason))
      } else controller.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = answer
  return new Response(answer.body.pipeThrough(counter), { status, statusText, headers })
}

function viewOf({ buffer, byteOffset, length }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, length)
}

import { Client, type Transport } from '@modelcontextprotocol/client'
import { z } from 'zod'

/** Of one message of a server, whatever it is: enough for a screenshot. */
export const longestMessageBytes = 8 * 1024 * 1024

/** A way to a server, and to know why it is no more. */
export interface ServerWay extends AsyncDisposable {
  transport: Transport
  /**
   * Why it ended, for a sentence that begins with the server's name; undefined where the way does not know. Only
   * to be asked once it has.
   */
  explainEnd(): Promise<string | undefined>
}

/** A tool as a server describes it. Nothing of it is to be believed. */
export const RawTool = z.looseObject({ name: z.string() })
export type RawTool = z.infer<typeof RawTool>

const ToolPage = z.looseObject({
  tools: z.array(RawTool),
  nextCursor: z.string().exactOptional(),
})

export const CallResult = z.looseObject({
  content: z.array(z.looseObject({ type: z.string() })).default([]),
  structuredContent: z.record(z.string(), z.unknown()).exactOptional(),
  isError: z.boolean().exactOptional(),
})
export type CallResult = z.infer<typeof CallResult>

/** A server that has been shaken hands with. */
export interface Connection extends AsyncDisposable {
  tools: readonly RawTool[]
  /** @throws Error in words for a user, beginning with what the server did */
  call(name: string, args: unknown, options: CallOptions): Promise<CallResult>
  /** Whether it is known to be gone. */
  readonly isOver: boolean
}

export interface CallOptions {
  signal: AbortSignal
  timeoutMs: number
}

/** Pages of tools that are asked for. */
const mostPages = 20

/**
 * Connects to a server as its client, and asks which tools it has. Nothing else of it is ever asked for.
 *
 * @param signal aborts the start; its reason is what is thrown
 * @throws Error in words for a user, beginning with what the server did
 */
export async function connectServer(way: ServerWay, signal: AbortSignal): Promise<Connection> {
  // No sampling, no roots, no elicitation: what it asks of us is answered with no such method.
  const client = new Client({ name: 'errand', version: '0.1.0' }, { capabilities: {} })
  let isOver = false
  client.onclose = () => {
    isOver = true
  }
  // What is wrong with a message is told where its answer is missing.
  client.onerror = () => undefined

  async function explain(error: unknown, during: AbortSignal): Promise<Error> {
    if (during.aborted && during.reason instanceof Error) return during.reason
    const words = error instanceof Error ? error.message : String(error)
    const why = isOver ? await way.explainEnd() : undefined
    return new Error(why ?? `failed: ${words}`, { cause: error })
  }
  async function listTools(): Promise<RawTool[]> {
    const tools: RawTool[] = []
    let cursor: string | undefined
    for (let page = 0; page < mostPages; page += 1) {
      const params = cursor === undefined ? {} : { cursor }
      const listed = await client.request({ method: 'tools/list', params }, ToolPage, { signal })
      tools.push(...listed.tools)
      cursor = listed.nextCursor
      if (cursor === undefined) break
    }
    return tools
  }

  try {
    await abortable(client.connect(way.transport, { signal }), signal)
    const tools = await abortable(listTools(), signal)
    return {
      tools,
      get isOver() {
        return isOver
      },
      async call(name, args, { signal: calling, timeoutMs }) {
        const limit = AbortSignal.timeout(timeoutMs)
        const either = AbortSignal.any([calling, limit])
        const params = { name, ...(args === undefined ? {} : { arguments: args }) }
        const options = { signal: either, timeout: timeoutMs }
        try {
          const asked = client.request({ method: 'tools/call', params }, CallResult, options)
          return await abortable(asked, either)
        } catch (error) {
          const tooLong = `took longer than ${timeoutMs / 1000} s`
          if (limit.aborted) throw new Error(tooLong, { cause: error })
          throw await explain(error, calling)
        }
      },
      async [Symbol.asyncDispose]() {
        await client.close().catch(() => undefined)
        await way[Symbol.asyncDispose]()
      },
    }
  } catch (error) {
    const explained = await explain(error, signal)
    await client.close().catch(() => undefined)
    await way[Symbol.asyncDispose]()
    throw explained
  }
}

/** A transport may hang where its signal is not looked at. */
async function abortable<T>(doing: Promise<T>, signal: AbortSignal): Promise<T> {
  // Nobody waits for it once the signal was first.
  doing.catch(() => undefined)
  signal.throwIfAborted()
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(signal.reason)
  signal.addEventListener('abort', onAbort)
  try {
    return await Promise.race([doing, aborted.promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

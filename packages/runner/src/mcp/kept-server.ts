import type { CallResult, Connection } from './connection.ts'
import { showTools } from './show-tools.ts'
import type { ToolServer } from './tool-server.ts'

export interface KeptServerOptions {
  /** Starts the server, or calls it for the first time. */
  connect: () => Promise<Connection>
  /** The names of the tools that may be used. Default: all. */
  allowed: readonly string[] | undefined
  callTimeoutMs: number
  /** Told when it is found to have ended, and whether it was started again. */
  onEnd: (told: { why: string; isStartedAgain: boolean }) => void
}

/** Starts after the first one. A server that dies again would die of the next call too. */
const mostRestarts = 1

/**
 * A server that is kept running as long as the session: one that has ended is started anew by the next call,
 * once.
 */
export async function keepServer(
  options: KeptServerOptions,
): Promise<{ server: ToolServer & AsyncDisposable; notes: string[] }> {
  let connecting = options.connect()
  const first = await connecting
  const { tools, notes } = showTools(first.tools, options.allowed)
  let restarts = 0
  let why = 'has ended'
  let isClosed = false

  /** Calls that come together find one start. */
  async function connection(): Promise<Connection> {
    const current = connecting
    const known = await current
    if (!known.isOver || isClosed) return known
    if (connecting !== current) return await connection()
    if (restarts >= mostRestarts) throw new Error(why)
    restarts += 1
    const restarted = restart(known)
    // Where that fails, the next call finds the one that has ended.
    connecting = restarted.catch(() => known)
    const again = await restarted
    options.onEnd({ why, isStartedAgain: true })
    return again
  }
  async function restart(known: Connection): Promise<Connection> {
    await known[Symbol.asyncDispose]()
    return await options.connect()
  }
  async function call(name: string, args: unknown, signal: AbortSignal): Promise<CallResult> {
    const used = await connection()
    try {
      return await used.call(name, args, { signal, timeoutMs: options.callTimeoutMs })
    } catch (error) {
      if (used.isOver && !isClosed && error instanceof Error) {
        why = error.message
        if (restarts >= mostRestarts) options.onEnd({ why, isStartedAgain: false })
      }
      throw error
    }
  }
  return {
    notes,
    server: {
      tools,
      call,
      async [Symbol.asyncDispose]() {
        isClosed = true
        await (await connecting)[Symbol.asyncDispose]()
      },
    },
  }
}

import type { EventData } from '@errand/contract'

import { oneLine } from '../printable.ts'
import type { Run } from '../run/run.ts'
import type { Connection } from './connection.ts'
import { keepServer } from './kept-server.ts'
import { limitTools } from './limit-tools.ts'
import type { ToolServer } from './tool-server.ts'

export interface StartOptions {
  /** How it is reached, each time it is started. */
  connect: (signal: AbortSignal) => Promise<Connection>
  /** The names of the tools that may be used. Default: all. */
  allowed: readonly string[] | undefined
  /** As in `limitTools`. */
  customAgentTools: readonly string[] | undefined
  /** What is to be told of it when it has started. */
  note?: string
  /** Ends its starts. */
  signal: AbortSignal
}

const longestMessage = 1000

/**
 * Starts a server that is kept as long as the session, and tells that it has started and whether it ends.
 *
 * @throws Error in words for a user, beginning with what the server did
 */
export async function startServer(
  run: Run,
  name: string,
  { connect, allowed, customAgentTools, note, signal }: StartOptions,
): Promise<ToolServer & AsyncDisposable> {
  const { mcp } = run.context.settings
  const { server, notes } = await keepServer({
    connect: () => within(signal, mcp.start_seconds, connect),
    allowed,
    callTimeoutMs: mcp.call_seconds * 1000,
    onEnd({ why, isStartedAgain }) {
      const message = isStartedAgain ? `${why}; it was started again` : why
      tellServer(run, name, { state: 'ended', message })
    },
  })
  if (note !== undefined) notes.unshift(note)
  const { tools } = limitTools(name, server, customAgentTools)
  tellServer(run, name, {
    state: 'started',
    tools: tools.map((tool) => tool.name),
    ...(notes.length === 0 ? {} : { message: notes.join('; ') }),
  })
  return server
}

async function within<T>(
  signal: AbortSignal,
  seconds: number,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const tooLong = new AbortController()
  const timer = setTimeout(() => {
    tooLong.abort(new Error(`did not answer within ${seconds} s`))
  }, seconds * 1000)
  try {
    return await start(AbortSignal.any([tooLong.signal, signal]))
  } finally {
    clearTimeout(timer)
  }
}

/** Tells that a server did not start, in words for a user. */
export function tellFailed(run: Run, name: string, error: unknown): void {
  tellServer(run, name, { state: 'failed', message: error instanceof Error ? error.message : '' })
  // What users are told has no traces; what is a defect of ours needs them.
  run.context.log.debug({ err: run.mask.error(error) }, 'an MCP server did not start')
}

/** Tells what has become of a server. */
export function tellServer(
  run: Run,
  server: string,
  { message, ...rest }: Omit<EventData['mcp.server'], 'server'>,
): void {
  const words = message === undefined ? '' : oneLine(run.mask.text(message))
  const said = words === '' ? {} : { message: words.slice(0, longestMessage) }
  run.recorder.add({ type: 'mcp.server', data: { server, ...rest, ...said } })
}

import { once } from 'node:events'
import type { Flags } from '../settings.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { prepare } from './serve-settings.ts'
import { type RunningServer, startServer } from './start-server.ts'

/** `errand serve`: runs until it is told to stop, and then ends what it does in good order. */
export async function serve(terminal: Terminal, flags: Flags, config?: string): Promise<void> {
  const { settings, log } = await prepare(terminal, flags, config)
  const server = await startServer(settings, terminal.environment, log)
  showNewToken(terminal, server)
  log.info({ url: server.publicUrl }, 'ready')
  await untilStopped(terminal.signal)
  log.info('stopping')
  await server.close()
}

/** Shown once, and not in the log, which goes to other places. */
export function showNewToken(terminal: Terminal, { ownerToken }: RunningServer): void {
  if (!ownerToken?.isNew) return
  terminal.err(`The owner's token, shown this once: ${ownerToken.secret}\n`)
  terminal.err(`It is kept in ${ownerToken.path} for the commands on this machine.\n`)
}

export async function untilStopped(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}

import { explainError, Interrupted } from './errors.ts'
import { createProgram } from './program.ts'
import { openProcessTerminal } from './terminal/process-terminal.ts'
import { printable } from './terminal/printable.ts'

/** npm and the launcher pass Ctrl-C on to a process that got it from the terminal already. */
const sameSignalMs = 500

/** Runs the command given on the command line; the process then ends with its exit code. */
export async function main(argv: readonly string[]): Promise<void> {
  const stop = new AbortController()
  const stopSignals = listenForSignals(stop)
  const terminal = openProcessTerminal(stop.signal)
  try {
    await createProgram(terminal).parseAsync(argv, { from: 'user' })
  } catch (error) {
    // Whatever an aborted call rejects with, the reason is the user.
    const cause: unknown = stop.signal.aborted ? stop.signal.reason : error
    const { message, exitCode } = explainError(cause)
    if (terminal.environment.ERRAND_DEBUG === '1') console.error(error)
    else if (message !== '') terminal.err(`${printable(message)}\n`)
    process.exitCode = exitCode
  } finally {
    stopSignals()
  }
}

/** The first signal asks to stop, a second one ends the process at once. */
function listenForSignals(stop: AbortController): () => void {
  let firstAt: number | undefined
  function onSignal(): void {
    if (firstAt !== undefined && Date.now() - firstAt > sameSignalMs) process.exit(130)
    firstAt ??= Date.now()
    stop.abort(new Interrupted())
  }
  // A reader that went away (`errand list | head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

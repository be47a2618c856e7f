import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { isatty } from 'node:tty'
import { readEnvironment } from '../environment.ts'
import { Interrupted } from '../errors.ts'
import { createPaint, wantsColours } from './colours.ts'
import type { Terminal } from './terminal.ts'

/** The terminal of this process. `signal` is what Ctrl-C aborts. */
export function openProcessTerminal(signal: AbortSignal): Terminal {
  const { stdin, stdout, stderr } = process
  const environment = readEnvironment()
  const isInteractive = isatty(stdout.fd)
  return {
    out: (chunk) => void stdout.write(chunk),
    err: (chunk) => void stderr.write(chunk),
    isInteractive,
    isErrInteractive: isatty(stderr.fd),
    canAsk: isatty(stdin.fd) && isatty(stderr.fd),
    get columns() {
      // A terminal may not know its width, and then says 0.
      return isInteractive ? stdout.columns || 80 : 120
    },
    get rows() {
      return stdout.rows || 24
    },
    paint: createPaint(wantsColours(environment, isInteractive)),
    environment,
    cwd: process.cwd(),
    signal,
    now: () => new Date(),
    readInput,
    ask,
  }

  async function readInput(): Promise<string> {
    // Input that never comes must not keep a stopped command alive.
    signal.addEventListener('abort', () => stdin.destroy(), { once: true })
    return text(stdin)
  }

  /** Questions go to stderr, so that results can be piped while one is asked. */
  async function ask(
    question: string,
    options: { isSecret?: boolean; signal?: AbortSignal } = {},
  ): Promise<string> {
    const isSecret = options.isSecret === true
    const either = options.signal ? AbortSignal.any([signal, options.signal]) : signal
    either.throwIfAborted()
    if (isSecret) stderr.write(question)
    const lines = createInterface({
      input: stdin,
      output: isSecret ? blackHole() : stderr,
      terminal: true,
    })
    try {
      return await new Promise<string>((resolve, reject) => {
        // In raw mode Ctrl-C is a key to readline, and Ctrl-D closes it: both mean to stop.
        lines.on('SIGINT', () => lines.close())
        lines.on('close', () => reject(either.reason ?? new Interrupted()))
        either.addEventListener('abort', () => lines.close(), { once: true })
        lines.question(isSecret ? '' : question, resolve)
      })
    } finally {
      lines.close()
      if (isSecret) stderr.write('\n')
    }
  }
}

function blackHole(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() })
}

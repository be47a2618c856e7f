import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { explainError } from '../errors.ts'
import { createProgram } from '../program.ts'
import type { Terminal } from '../terminal/terminal.ts'

export interface Ran {
  out: string
  err: string
  code: number
}

export interface RunOptions {
  environment?: Record<string, string>
  cwd?: string
  /** Standard input, or the answers to questions in their order. */
  input?: string
  answers?: string[]
  isInteractive?: boolean
  signal?: AbortSignal
}

/** Runs a command as `main` does, in this process and on a terminal that only remembers. */
export async function runCli(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const ran: Ran = { out: '', err: '', code: 0 }
  const home = mkdtempSync(join(tmpdir(), 'errand-cli-'))
  const terminal = fakeTerminal(ran, { cwd: home, ...options }, home)
  try {
    await createProgram(terminal).parseAsync(args, { from: 'user' })
  } catch (error) {
    const { message, exitCode } = explainError(error)
    ran.code = exitCode
    if (message !== '') ran.err += `${message}\n`
  } finally {
    rmSync(home, { recursive: true })
  }
  return ran
}

function fakeTerminal(ran: Ran, options: RunOptions & { cwd: string }, home: string): Terminal {
  const answers = [...(options.answers ?? [])]
  return {
    out: (text) => void (ran.out += text),
    err: (text) => void (ran.err += text),
    isInteractive: options.isInteractive ?? false,
    isErrInteractive: false,
    canAsk: options.answers !== undefined,
    columns: 100,
    rows: 24,
    paint: (_, text) => text,
    environment: { HOME: home, PATH: process.env.PATH, ...options.environment },
    cwd: options.cwd,
    signal: options.signal ?? new AbortController().signal,
    now: () => new Date('2026-01-02T05:00:00Z'),
    readInput: () => Promise.resolve(options.input ?? ''),
    ask: (question) => {
      ran.err += question
      return Promise.resolve(answers.shift() ?? '')
    },
  }
}

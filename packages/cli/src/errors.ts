import { AnswerError, ErrandError } from '@errand/contract'
import { CommanderError } from 'commander'

/** As gh has them. */
export const exitCodes = { ok: 0, failed: 1, cancelled: 2, authentication: 4 } as const

/** Something the user can put right, told in a sentence; `remedy` says how. */
export class UserError extends Error {
  readonly exitCode: number
  readonly remedy: string | undefined

  constructor(
    message: string,
    options: { remedy?: string; exitCode?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'UserError'
    this.exitCode = options.exitCode ?? exitCodes.failed
    this.remedy = options.remedy
  }
}

/** Ends the command with this code when everything was said already. */
export class Exit extends Error {
  readonly exitCode: number

  constructor(exitCode: number) {
    super(`exit ${exitCode}`)
    this.name = 'Exit'
    this.exitCode = exitCode
  }
}

/** The user stopped the command (Ctrl-C, SIGTERM). */
export class Interrupted extends Error {
  readonly exitCode = exitCodes.cancelled

  constructor() {
    super('stopped')
    this.name = 'Interrupted'
  }
}

export interface Explanation {
  /** Without an end of line; empty when nothing is left to say. */
  message: string
  exitCode: number
}

const loginRemedy = 'Run `errand login`, or set ERRAND_URL and ERRAND_TOKEN.'

/** The one place where a terminal's user is told what went wrong: a sentence, and what to do. */
export function explainError(error: unknown): Explanation {
  if (error instanceof CommanderError) return { message: '', exitCode: error.exitCode }
  if (error instanceof Exit || error instanceof Interrupted) {
    return { message: '', exitCode: error.exitCode }
  }
  if (error instanceof UserError) {
    return { message: joined(error.message, error.remedy), exitCode: error.exitCode }
  }
  if (error instanceof AnswerError) return explainAnswer(error)
  if (error instanceof ErrandError) {
    return {
      message: joined(error.message, fieldMessages(error.errors)),
      exitCode: exitCodes.failed,
    }
  }
  const system = explainSystemError(error)
  if (system !== undefined) return { message: system, exitCode: exitCodes.failed }
  const message = error instanceof Error ? error.message.split('\n', 1)[0] : String(error)
  return {
    message: joined(message ?? '', 'ERRAND_DEBUG=1 shows more.'),
    exitCode: exitCodes.failed,
  }
}

function explainAnswer(error: AnswerError): Explanation {
  if (error.status === 401) {
    const message = `The server does not accept your token: ${error.message}`
    return { message: joined(message, loginRemedy), exitCode: exitCodes.authentication }
  }
  const details = fieldMessages(error.body.errors ?? [])
  const request =
    error.status >= 500 && error.requestId ? `(request ${error.requestId})` : undefined
  const message =
    error.status === 404 ? `${error.message}: no such thing, or not yours to see` : error.message
  return { message: joined(message, details, request), exitCode: exitCodes.failed }
}

function fieldMessages(
  errors: readonly { field?: string; code: string; message?: string }[],
): string {
  return errors
    .map(
      ({ field, code, message }) =>
        message ?? `${field ?? 'a field'} is ${code.replaceAll('_', ' ')}`,
    )
    .join('; ')
}

/** Failures of the operating system and of connections, recognised by their code, never by text. */
function explainSystemError(error: unknown): string | undefined {
  const { code, path, address, port } = systemErrorOf(error)
  switch (code) {
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'ETIMEDOUT':
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'The server cannot be reached. Is it running (`errand serve`), and is ERRAND_URL right?'
    case 'EADDRINUSE':
      return `Port ${port ?? ''} on ${address ?? 'this host'} is taken. Choose another with --port, or 0 for a free one.`
    case 'EADDRNOTAVAIL':
      return `${address ?? 'The address'} is not an address of this machine. Choose another with --host.`
    case 'EACCES':
    case 'EPERM':
      return `You may not open ${path ?? 'a file or port that is needed'}.`
    case 'ENOENT':
      return `${path ?? 'A file that is needed'} does not exist.`
    case 'ENOSPC':
      return 'The disk is full.'
    default:
      return undefined
  }
}

interface SystemError {
  code?: string
  path?: string
  address?: string
  port?: number
}

/** fetch wraps the cause, and several tried addresses are an AggregateError. */
function systemErrorOf(error: unknown): SystemError {
  if (!(error instanceof Error)) return {}
  if ('code' in error && typeof error.code === 'string') return error as SystemError
  if (error instanceof AggregateError) return systemErrorOf(error.errors[0])
  return systemErrorOf(error.cause)
}

function joined(...sentences: (string | undefined)[]): string {
  return sentences
    .filter((sentence): sentence is string => sentence !== undefined && sentence !== '')
    .map((sentence) => (/[.!?)]$/.test(sentence) ? sentence : `${sentence}.`))
    .join(' ')
}

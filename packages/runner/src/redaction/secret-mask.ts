import { createRedaction, type Redaction } from './redact-secrets.ts'

/**
 * Puts `***` in place of the secrets of a session, in whatever of it is stored, logged or published. It knows
 * none until they were read.
 */
export interface SecretMask extends Pick<Redaction, 'text' | 'begin'> {
  /** Every text within a value, names of fields too. */
  value<T>(value: T): T
  /** An error as it may be logged: with its causes, and where it was thrown. */
  error(error: unknown): unknown
  /** From now on these are masked. */
  hide(secrets: readonly string[]): void
  /** And these, beside those that are masked already. */
  hideMore(secrets: readonly string[]): void
}

/** As GitHub writes it. */
const mask = '***'
/** A shorter secret is left: it would be found in every other word, and can be guessed anyway. */
const shortestSecret = 4
/** A shorter line of a secret says nothing of it. */
const shortestLine = 8
/** Causes of causes that are shown. */
const deepestCause = 5

export function createSecretMask(): SecretMask {
  let redaction = createRedaction([])
  let hidden: readonly string[] = []
  const text = (given: string): string => redaction.text(given)

  function value<T>(given: T): T {
    // Of the same shape, with other texts.
    return maskWithin(given, text) as T
  }

  function error(given: unknown, depth = 0): unknown {
    if (!(given instanceof Error)) return value(given)
    const masked = new Error(text(given.message))
    masked.name = given.name
    if (given.stack !== undefined) masked.stack = text(given.stack)
    if (given.cause !== undefined && depth < deepestCause) {
      masked.cause = error(given.cause, depth + 1)
    }
    return masked
  }

  return {
    text,
    begin: (given) => redaction.begin(given),
    value,
    error: (given) => error(given),
    hide,
    hideMore: (secrets) => hide([...hidden, ...secrets]),
  }

  function hide(secrets: readonly string[]): void {
    hidden = secrets
    const parts = secrets.flatMap((secret) => [secret, secret.trim(), ...linesOf(secret)])
    redaction = createRedaction([...new Set(parts)], {
      shortest: shortestSecret,
      mask,
      wraps: true,
    })
  }
}

/** A key of many lines is often shown line by line. */
function linesOf(secret: string): string[] {
  const lines = secret.split(/\r?\n/).map((line) => line.trim())
  return lines.length === 1 ? [] : lines.filter(({ length }) => length >= shortestLine)
}

/** Fields that say what something is. */
const sorts = new Set(['type', 'kind', 'status', 'level', 'decision', 'sessionUpdate'])

/**
 * Words of ACP, of JSON Schema and of events. Where they name a field or say what something is they stay: a
 * secret that is such a word is not told by them, and without them nobody could read the rest.
 */
const words = new Set(
  `agent_message_chunk agent_thought_chunk tool_call tool_call_update plan text content diff path
  entries toolCallId title kind status rawInput rawOutput sessionUpdate
  pending in_progress completed failed read edit delete move search execute think fetch switch_mode other
  info warning error allowed denied level message input output reason decision summary body command script
  type object string number integer boolean array null properties required enum description items`.split(
    /\s+/,
  ),
)

function maskWithin(given: unknown, text: (given: string) => string, field?: string): unknown {
  if (typeof given === 'string') {
    const isSort = field !== undefined && sorts.has(field) && words.has(given)
    return isSort ? given : text(given)
  }
  if (Array.isArray(given)) return given.map((inner) => maskWithin(inner, text))
  if (typeof given !== 'object' || given === null) return given
  return Object.fromEntries(
    Object.entries(given).map(([key, inner]) => [
      words.has(key) ? key : text(key),
      maskWithin(inner, text, key),
    ]),
  )
}

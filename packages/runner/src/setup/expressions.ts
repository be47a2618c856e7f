import { data, Evaluator, ExpressionError, Lexer, Parser } from '@actions/expressions'
import type { FunctionDefinition } from '@actions/expressions/funcs/info'
import { truthy } from '@actions/expressions/result'

/** What expressions may name, by GitHub's names of contexts. */
export interface Contexts {
  github: Readonly<Record<string, string>>
  runner: Readonly<Record<string, string>>
  job: Readonly<Record<string, string>>
  env: Readonly<Record<string, string>>
  vars: Readonly<Record<string, string>>
  secrets: Readonly<Record<string, string>>
  steps: Readonly<Record<string, StepContext>>
}

export interface StepContext {
  outputs: Readonly<Record<string, string>>
  outcome: Conclusion
  conclusion: Conclusion
}

/** GitHub's words for how a step went; `cancelled` is one that was out of time. */
export type Conclusion = 'success' | 'failure' | 'cancelled' | 'skipped'

export interface Scope {
  contexts: Contexts
  /** Whether a step before has failed. */
  hasFailed: boolean
  /** `hashFiles`: of the files whose paths match; empty where none does. */
  hashFiles: (patterns: readonly string[]) => string
}

/** What an expression says cannot be understood. The message is GitHub's own, for the reader of the log. */
export class BadExpression extends Error {
  constructor(text: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : 'it cannot be understood'
    super(`The expression \`${text.slice(0, 200)}\` is wrong: ${why}`, { cause })
    this.name = 'BadExpression'
  }
}

/** A text that names itself twice in each of some steps would soon fill the memory. */
const longestText = 1024 * 1024

/**
 * A text with each `${{ … }}` in it replaced by what it says.
 *
 * @throws BadExpression
 */
export function interpolate(text: string, scope: Scope): string {
  const filled = splitExpressions(text)
    .map((part) => (part.isExpression ? evaluate(part.text, scope).coerceString() : part.text))
    .join('')
  if (filled.length > longestText) {
    throw new BadExpression(text, new Error('what it says is longer than a million characters'))
  }
  return filled
}

/**
 * Whether the `if` of a step holds. Without a word about what came before it means `success()` too, as
 * GitHub has it.
 *
 * @throws BadExpression
 */
export function holds(condition: string, scope: Scope): boolean {
  const parts = splitExpressions(condition.trim())
  const [only] = parts
  if (only === undefined) return !scope.hasFailed
  if (parts.length > 1) {
    // As GitHub takes it: a text, which is true if there is anything in it.
    const text = interpolate(condition, scope)
    const asks = parts.some((part) => part.isExpression && asksForStatus(part.text))
    return (asks || !scope.hasFailed) && text !== ''
  }
  if (scope.hasFailed && !asksForStatus(only.text)) return false
  return truthy(evaluate(only.text, scope))
}

const statusFunctions = new Set(['success', 'failure', 'always', 'cancelled'])

function asksForStatus(text: string): boolean {
  const tokens = tokensOf(text)
  return tokens.some(
    ({ lexeme }, at) => statusFunctions.has(lexeme.toLowerCase()) && tokens[at + 1]?.lexeme === '(',
  )
}

function tokensOf(text: string) {
  try {
    return new Lexer(text).lex().tokens
  } catch (error) {
    throw new BadExpression(text, error)
  }
}

function evaluate(text: string, scope: Scope): data.ExpressionData {
  const functions = functionsOf(scope)
  const tokens = tokensOf(text)
  try {
    const names = Object.keys(scope.contexts)
    const tree = new Parser(tokens, names, [...functions.values()]).parse()
    return new Evaluator(tree, asData(scope.contexts), functions).evaluate()
  } catch (error) {
    // The library throws plain errors too, as of a JSON that is none.
    if (error instanceof ExpressionError || error instanceof Error) {
      throw new BadExpression(text, error)
    }
    throw error
  }
}

function asData(contexts: Contexts): data.Dictionary {
  // The reviver makes a Dictionary of every object.
  return JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary
}

function functionsOf({ hasFailed, hashFiles }: Scope) {
  const says = (name: string, value: boolean): FunctionDefinition => ({
    name,
    minArgs: 0,
    maxArgs: 0,
    call: () => new data.BooleanData(value),
  })
  const hash: FunctionDefinition = {
    name: 'hashFiles',
    minArgs: 1,
    maxArgs: 255,
    call: (...args) => new data.StringData(hashFiles(args.map((arg) => arg.coerceString()))),
  }
  return new Map([
    ['success', says('success', !hasFailed)],
    ['failure', says('failure', hasFailed)],
    ['always', says('always', true)],
    // Who cancels a session ends it.
    ['cancelled', says('cancelled', false)],
    ['hashfiles', hash],
  ])
}

interface Part {
  isExpression: boolean
  text: string
}

/** A condition may be written without its braces: then it is the whole of the text. */
function splitExpressions(text: string): Part[] {
  const parts: Part[] = []
  let at = 0
  for (let open = text.indexOf('${{'); open !== -1; open = text.indexOf('${{', at)) {
    const close = closingBraces(text, open + 3)
    if (close === -1) {
      throw new BadExpression(text.slice(open), new Error('it does not end in }}'))
    }
    if (open > at) parts.push({ isExpression: false, text: text.slice(at, open) })
    parts.push({ isExpression: true, text: text.slice(open + 3, close).trim() })
    at = close + 2
  }
  if (at < text.length) parts.push({ isExpression: false, text: text.slice(at) })
  return parts
}

/** Those that stand in no string: 'a }} b' is one, and so is 'it''s'. */
function closingBraces(text: string, from: number): number {
  let isQuoted = false
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "'") isQuoted = !isQuoted
    else if (!isQuoted && text.startsWith('}}', at)) return at
  }
  return -1
}

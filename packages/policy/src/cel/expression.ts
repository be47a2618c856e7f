import { Environment } from '@marcbachmann/cel-js'
import type { Configuration } from '../configuration.ts'
import { withinTime } from './within-time.ts'

/** What an expression sees. */
export interface CelInput {
  configuration: Configuration
  /** `owner/name`. */
  repository: string
}

export interface Expression {
  /** @throws Error when it has no value for this input, or not in time */
  evaluate(input: CelInput): unknown
}

/** Ample for any rule; more is an attack or a mistake. */
const limitMs = 200

const environment = new Environment({
  limits: { maxAstNodes: 2000, maxDepth: 50, maxListElements: 500, maxMapEntries: 500 },
})
  .registerVariable('configuration', 'map<string, dyn>')
  .registerVariable('repository', 'map<string, string>')

/** @throws Error that says what is wrong with the expression */
export function compileExpression(source: string, type?: 'bool'): Expression {
  const evaluate = environment.parse(source)
  const checked = evaluate.check()
  if (!checked.valid) throw new Error(firstLine(checked.error))
  if (type !== undefined && checked.type !== type && checked.type !== 'dyn') {
    throw new Error(`it is of type ${checked.type}, and must be true or false`)
  }
  return {
    evaluate({ configuration, repository }) {
      const [owner = '', name = ''] = repository.split('/')
      const input = { configuration, repository: { owner, name, full_name: repository } }
      return withinTime(limitMs, () => evaluate(input) as unknown)
    },
  }
}

/** The library draws the place below; a list of problems has one line for each. */
export function firstLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n', 1)[0] ?? ''
}

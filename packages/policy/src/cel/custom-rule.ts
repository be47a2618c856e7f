import type { CustomRule } from '../policy.ts'
import { type CelInput, compileExpression, type Expression } from './expression.ts'

/** A rule of the policy's own, ready to be asked. */
export interface CompiledCustomRule {
  /**
   * What is wrong, in a sentence; nothing where the rule is kept.
   *
   * @throws Error when the rule cannot be asked of this configuration
   */
  check(input: CelInput): string | undefined
}

/** @throws CustomRuleError that names the key that is wrong */
export function compileCustomRule(rule: CustomRule): CompiledCustomRule {
  const must = compileKey('must', rule.must, 'bool')
  const parts = (rule.message ?? `The rule ${rule.id} is not kept.`)
    .split(/\{\{(.*?)\}\}/gs)
    .map((part, at) => (at % 2 === 0 ? part : compileKey('message', part.trim())))
  return {
    check(input) {
      const result = must.evaluate(input)
      if (typeof result !== 'boolean') throw new Error('it is neither true nor false')
      if (result) return undefined
      return parts
        .map((part) => (typeof part === 'string' ? part : textOf(part.evaluate(input))))
        .join('')
    },
  }
}

export class CustomRuleError extends Error {
  readonly key: 'must' | 'message'

  constructor(key: 'must' | 'message', cause: unknown) {
    const reason = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause)
    super(`is no CEL expression that can be used: ${reason}`, { cause })
    this.name = 'CustomRuleError'
    this.key = key
  }
}

function compileKey(key: 'must' | 'message', source: string, type?: 'bool'): Expression {
  try {
    return compileExpression(source, type)
  } catch (cause) {
    throw new CustomRuleError(key, cause)
  }
}

const maxCharacters = 500

function textOf(value: unknown): string {
  const text =
    typeof value === 'string'
      ? value
      : JSON.stringify(value, (_, item: unknown) =>
          typeof item === 'bigint' ? Number(item) : item,
        )
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text
}

import { isDeepStrictEqual } from 'node:util'
import type { CompiledPolicy } from './compile.ts'
import type { Configuration } from './configuration.ts'
import { isNoWeaker } from './is-no-weaker.ts'

/** A change that makes a configuration keep rules of the policy. */
export interface Fix {
  /** The fields that change, whole: the body of a PATCH. */
  changes: Partial<Configuration>
  /** The rules that ask for it. */
  rules: string[]
}

/**
 * The nearest configuration that keeps those rules, as far as they have one; nothing where there is
 * nothing to change. It never allows more than before.
 *
 * @param ids the rules that found something and are to be mended
 */
export function fixConfiguration(
  { rules }: CompiledPolicy,
  configuration: Configuration,
  ids: readonly string[],
): Fix | undefined {
  let fixed = configuration
  const used: string[] = []
  for (const rule of rules) {
    if (rule.fix === undefined || !ids.includes(rule.id)) continue
    const next = rule.fix(fixed)
    if (isDeepStrictEqual(next, fixed) || !isNoWeaker(next, fixed)) continue
    fixed = next
    used.push(rule.id)
  }
  const changes = Object.fromEntries(
    Object.entries(fixed).filter(
      // Both are configurations: they have the same keys.
      ([key, value]) => !isDeepStrictEqual(value, configuration[key as keyof Configuration]),
    ),
  )
  return used.length === 0 ? undefined : { changes, rules: used }
}

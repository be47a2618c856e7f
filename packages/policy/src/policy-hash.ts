import { createHash } from 'node:crypto'
import type { CompiledPolicy } from './compile.ts'

/**
 * Stands for what a policy asks for on a day: the same as long as its rules and the exceptions that hold are.
 *
 * @param values what its file holds
 * @param today as `2027-01-31`, in UTC
 */
export function policyHash(
  { exceptions }: Pick<CompiledPolicy, 'exceptions'>,
  values: unknown,
  today: string,
): string {
  const holding = exceptions.filter(({ expires }) => today <= expires)
  const { rules, custom_rules: own } = Object(values)
  return createHash('sha256')
    .update(JSON.stringify([rules, own, holding]))
    .digest('hex')
}

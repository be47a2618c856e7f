import type { z } from 'zod'
import type { Configuration } from './configuration.ts'

/** As SARIF has them, the worst first. */
export const severities = ['error', 'warning', 'note'] as const
export type Severity = (typeof severities)[number]

/** Where something stands in a configuration. */
export type Path = readonly (string | number)[]

/** One way in which a configuration is not as a rule wants it. */
export interface Finding {
  path: Path
  /** A sentence for people. A secret is never in it. */
  message: string
  /**
   * What it is about, the same as long as the deviation is the same: a baseline accepts it, not its place
   * in a list.
   */
  subject: string
}

/** A rule of the policy: pure, so that the command and the server judge alike. */
export interface Rule<P = unknown> {
  readonly id: string
  /** What holds where it is kept, as a sentence without a full stop. */
  readonly title: string
  /** Why it matters and how to keep it. */
  readonly explanation: string
  readonly defaultSeverity: Severity
  readonly parameters: z.ZodObject
  check(configuration: Configuration, parameters: P): Finding[]
  /** The nearest configuration that keeps it and allows no more than before; none where there is none. */
  fix?(configuration: Configuration, parameters: P): Configuration
}

/** Ties the type of a rule's parameters to their schema. */
export function defineRule<S extends z.ZodObject>(
  rule: Rule<z.output<S>> & { parameters: S },
): Rule<z.output<S>> {
  return rule
}

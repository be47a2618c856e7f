import { z } from 'zod'
import { Usage } from './session.ts'
import { BudgetScope } from './spending-settings.ts'

/** By what usage can be added up. */
export const UsageKey = z.enum(['model', 'repository', 'user', 'day'])
export type UsageKey = z.infer<typeof UsageKey>

const day = z.iso.date()

export const UsageQuery = z.object({
  by: UsageKey.default('model'),
  since: day
    .exactOptional()
    .describe('The first day, in UTC. Default: the first of the month of `until`.'),
  until: day.exactOptional().describe('The last day, in UTC. Default: today.'),
})
export type UsageQuery = z.infer<typeof UsageQuery>

const sums = {
  sessions: z.int(),
  requests: z.int(),
  input_tokens: z.int(),
  cached_input_tokens: z.int(),
  cache_write_tokens: z.int(),
  output_tokens: z.int(),
  reasoning_tokens: z.int(),
  usage: Usage,
  /**
   * The same in AI credits, with every digit: `amount` is the nearest JSON number that programs can hold, which above
   * 2^53 nano units (some nine million credits) is not the sum itself.
   */
  ai_credits: z.string().regex(/^\d+(\.\d{1,9})?$/),
}

/** What is spent of a budget this month. */
export const BudgetState = z.object({
  scope: BudgetScope,
  name: z.string(),
  ai_credits: z.number(),
  prevent_further_usage: z.boolean(),
  /** Of it, what is spent and what is reserved for requests on their way. */
  spent: Usage,
  reserved: Usage,
})
export type BudgetState = z.infer<typeof BudgetState>

/** What models were used for, dearest first; by day, oldest first. */
export const UsageReport = z.object({
  by: UsageKey,
  since: day,
  until: day,
  usage: z.array(z.object({ key: z.string(), ...sums })),
  total: z.object(sums),
  budgets: z.array(BudgetState),
})
export type UsageReport = z.infer<typeof UsageReport>

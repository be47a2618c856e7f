import { z } from 'zod'

const dollars = z.coerce.number().min(0)

/** What an operator says a model costs, in US dollars per million tokens. */
export const PriceSetting = z.strictObject({
  input: dollars.describe('Input that was not cached, in USD per million tokens.'),
  cached_input: dollars
    .exactOptional()
    .describe('Input read from the cache. Default: as much as `input`.'),
  cache_write: dollars
    .exactOptional()
    .describe('Input written to the cache. Default: as much as `input`.'),
  cache_write_1h: dollars
    .exactOptional()
    .describe(
      "Input written to the cache for an hour. Default: 1.6 times `cache_write`, as Anthropic's prices have it, or `input` where that is not given either.",
    ),
  output: dollars.describe('Output, reasoning included.'),
})
export type PriceSetting = z.infer<typeof PriceSetting>

/**
 * What a model costs, in US dollars per million tokens. Where a provider asks more for long requests,
 * it is the price of short ones, and what is counted is the price of each request.
 */
export const Price = z.object({
  input: z.number(),
  cached_input: z.number(),
  cache_write: z.number(),
  output: z.number(),
})
export type Price = z.infer<typeof Price>

/** AI credits are counted in billionths. */
export const nanoPerCredit = 1e9
/** An AI credit is a US cent. */
export const nanoPerDollar = 100 * nanoPerCredit

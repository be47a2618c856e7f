import { Settings } from '@errand/contract'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { priceListOf } from './price-list.ts'

const settings = Settings.parse({
  upstreams: {
    anthropic: { wire: 'anthropic', base_url: 'https://api.anthropic.com/v1' },
    gateway: { wire: 'openai', base_url: 'https://models.example.com/v1' },
    local: { wire: 'openai', base_url: 'http://127.0.0.1:11434/v1' },
  },
  models: [
    { id: 'sonnet', upstream: 'anthropic', name: 'claude-sonnet-4-5' },
    { id: 'gpt-5', upstream: 'gateway' },
    { id: 'ours', upstream: 'local', price: { input: 0.1, output: 0.3 } },
    { id: 'cached', upstream: 'local', price: { input: 2, cached_input: 0.2, output: 8 } },
    { id: 'unheard-of', upstream: 'local' },
    {
      id: 'twice',
      upstream: 'local',
      name: 'at-local',
      price: { input: 1, cache_write: 1.25, output: 1 },
      fallbacks: [
        { upstream: 'anthropic', name: 'claude-haiku-4-5' },
        { upstream: 'gateway', name: 'elsewhere', price: { input: 7, output: 7 } },
      ],
    },
  ],
})
const prices = await priceListOf(settings)
const usage = (model: string, fields: object) => ({
  model,
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  ...fields,
})

describe('the price of a model', () => {
  it('is the list price of its provider, by the address of the upstream', () => {
    expect(prices.priceOf('sonnet')).toEqual({
      input: 3,
      cached_input: 0.3,
      cache_write: 3.75,
      output: 15,
    })
  })

  it('is found by its name behind a gateway with an address of its own', () => {
    expect(prices.priceOf('gpt-5')?.input).toBeGreaterThan(0)
  })

  it("is the operator's where they say one, and cached input costs as much unless they do", () => {
    expect(prices.priceOf('ours')).toEqual({
      input: 0.1,
      cached_input: 0.1,
      cache_write: 0.1,
      output: 0.3,
    })
    expect(prices.priceOf('cached')).toMatchObject({ cached_input: 0.2, cache_write: 2 })
  })

  it('is nothing for scripts, and unknown for what nobody has heard of', () => {
    expect(prices.priceOf('script')?.output).toBe(0)
    expect(prices.priceOf('unheard-of')).toBeUndefined()
    expect(prices.priceOf('not-configured')).toBeUndefined()
  })
})

describe('the cost of a request', () => {
  it('is exact, in billionths of a cent', () => {
    // 700 at 3 dollars a million, 200 read at 0.30, 100 written at 3.75, 50 at 15.
    const counts = {
      input_tokens: 1000,
      cached_input_tokens: 200,
      cache_write_tokens: 100,
      output_tokens: 50,
    }
    expect(prices.costOf(usage('sonnet', counts))).toBe(
      700 * 300_000 + 200 * 30_000 + 100 * 375_000 + 50 * 1_500_000,
    )
    expect(prices.costOf(usage('script', counts))).toBe(0)
  })

  it('is higher for long requests where the provider asks more', () => {
    const long = prices.costOf(usage('sonnet', { input_tokens: 300_000 }))
    expect(long).toBe(300_000 * 600_000)
  })

  it("is the dearest model's where the price is unknown", () => {
    const counts = { input_tokens: 1000, output_tokens: 1000 }
    const known = ['sonnet', 'gpt-5', 'ours', 'cached'].map((id) =>
      prices.costOf(usage(id, counts)),
    )
    expect(prices.costOf(usage('unheard-of', counts))).toBe(Math.max(...known))
  })

  it('adds up: a thousand small requests cost what their tokens cost together', () => {
    const counts = fc.record({ input_tokens: fc.nat(100_000), output_tokens: fc.nat(10_000) })
    fc.assert(
      fc.property(fc.array(counts, { maxLength: 1000 }), (requests) => {
        const sum = requests.reduce((nano, one) => nano + prices.costOf(usage('ours', one)), 0)
        const input = requests.reduce((tokens, one) => tokens + one.input_tokens, 0)
        const output = requests.reduce((tokens, one) => tokens + one.output_tokens, 0)
        expect(sum).toBe(input * 10_000 + output * 30_000)
      }),
    )
  })

  it('is more for what is kept in the cache for an hour', () => {
    const written = { input_tokens: 100, cache_write_tokens: 100 }
    const anHour = { ...written, cache_write_1h_tokens: 40 }
    expect(prices.costOf(usage('sonnet', anHour))).toBe(60 * 375_000 + 40 * 600_000)
    expect(prices.costOf(usage('twice', anHour))).toBe(60 * 125_000 + 40 * 200_000)
  })

  it('is that of the upstream that answered, and of the model', () => {
    const cost = (upstream?: string, answered_by?: string) =>
      prices.costOf(usage('twice', { input_tokens: 1 }), { upstream, answered_by })
    expect(cost('local', 'at-local')).toBe(100_000)
    expect(cost('anthropic', 'claude-haiku-4-5-20251001')).toBe(100_000)
    expect(cost('gateway', 'elsewhere')).toBe(700_000)
    // Another that is configured, another that is listed, and one that nobody knows.
    expect(cost('local', 'ours')).toBe(10_000)
    expect(cost('anthropic', 'claude-opus-4-5-20251101')).toBe(500_000)
    expect(cost('local', 'who-knows')).toBe(100_000)
  })

  it('is the dearest model’s where one answers that nobody knows, and the operator has set no price', () => {
    const cost = (answered_by: string) =>
      prices.costOf(usage('gpt-5', { input_tokens: 1 }), { answered_by })
    expect(cost('who-knows')).toBe(300_000)
    // Only longer, it is the same.
    expect(cost('gpt-5-at-our-gateway')).toBe(125_000)
  })

  it('stays a safe integer, whatever an upstream claims', () => {
    const claimed = usage('sonnet', { input_tokens: 1e12, output_tokens: 1e12 })
    expect(Number.isSafeInteger(prices.costOf(claimed))).toBe(true)
  })
})

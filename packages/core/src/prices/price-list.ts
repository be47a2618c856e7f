import { nanoPerDollar, type Price, type Settings, scriptModelId } from '@errand/contract'
import { noTokens, type TokenCounts, type TokenUsage } from '../spending/token-counts.ts'

/** What the models of the settings cost. */
export interface PriceList {
  /** Undefined for a model whose price nobody knows. */
  priceOf(modelId: string): Price | undefined
  /**
   * What one request costs, in nano AI credits. A model of unknown price costs as much as the dearest
   * that is configured, so that none is a way around a budget; where no price is known at all, nothing.
   */
  costOf(usage: TokenUsage): number
}

/** In US dollars; undefined where the price is unknown. */
type Rate = (counts: TokenCounts) => number | undefined

const lists = new WeakMap<Settings, Promise<PriceList>>()

/**
 * What the models of these settings cost. Prices they do not name are the providers' list prices, as
 * `@pydantic/genai-prices` had them when it was released: no network is asked.
 */
export async function priceListOf(settings: Settings): Promise<PriceList> {
  const known = lists.get(settings) ?? readPrices(settings)
  lists.set(settings, known)
  return await known
}

async function readPrices(settings: Settings): Promise<PriceList> {
  // Two megabytes, for those who use a model.
  const { calcPrice } = await import('@pydantic/genai-prices')
  const rates = new Map(settings.models.map((model) => [model.id, rateOf(model)]))

  function rateOf({ price, name, id, upstream: upstreamName }: Settings['models'][number]): Rate {
    if (price !== undefined) return (counts) => listed(price, counts)
    const upstream = settings.upstreams[upstreamName]
    if (upstream === undefined) return () => undefined
    // A gateway in between has another address: then its wire format tells whose model it is.
    const ways = [{ providerApiUrl: upstream.base_url }, { providerId: upstream.wire }]
    return (counts) => {
      const usage = {
        input_tokens: counts.input_tokens,
        cache_read_tokens: counts.cached_input_tokens,
        cache_write_tokens: counts.cache_write_tokens,
        output_tokens: counts.output_tokens,
      }
      for (const way of ways) {
        const found = calcPrice(usage, name ?? id, way)
        if (found !== null) return found.total_price
      }
      return undefined
    }
  }

  function dollarsOf(modelId: string, counts: TokenCounts): number {
    if (modelId === scriptModelId) return 0
    const known = rates.get(modelId)?.(counts)
    if (known !== undefined) return known
    const others = [...rates.values()].map((rate) => rate(counts) ?? 0)
    return Math.max(0, ...others)
  }

  return {
    priceOf(modelId) {
      if (modelId === scriptModelId) return free
      const rate = rates.get(modelId)
      const output = rate?.({ ...noTokens, output_tokens: sample })
      if (rate === undefined || output === undefined) return undefined
      const perMillion = (counts: Partial<TokenCounts>) =>
        round(((rate({ ...noTokens, ...counts }) ?? 0) / sample) * 1e6)
      return {
        input: perMillion({ input_tokens: sample }),
        cached_input: perMillion({ input_tokens: sample, cached_input_tokens: sample }),
        cache_write: perMillion({ input_tokens: sample, cache_write_tokens: sample }),
        output: round((output / sample) * 1e6),
      }
    },
    costOf({ model, ...counts }) {
      // Prices of up to five decimals are whole nano credits a token: rounding only takes away what
      // binary fractions add.
      const nano = Math.round(dollarsOf(model, counts) * nanoPerDollar)
      return Math.min(nano, Number.MAX_SAFE_INTEGER)
    },
  }
}

/** Short enough for the first price where there are several by length. */
const sample = 1000

const free: Price = { input: 0, cached_input: 0, cache_write: 0, output: 0 }

/** Cached tokens are part of the input, read and written ones alike. */
function listed(
  price: NonNullable<Settings['models'][number]['price']>,
  counts: TokenCounts,
): number {
  const { cached_input_tokens: cached, cache_write_tokens: written } = counts
  const { input, cached_input = input, cache_write = input, output } = price
  const fresh = Math.max(0, counts.input_tokens - cached - written)
  return (
    (fresh * input +
      cached * cached_input +
      written * cache_write +
      counts.output_tokens * output) /
    1e6
  )
}

function round(dollars: number): number {
  return Number(dollars.toPrecision(12))
}

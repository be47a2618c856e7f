import { nanoPerDollar, type Price, type Settings, scriptModelId } from '@errand/contract'
import { identifyAnswer } from '../models/identify-answer.ts'
import { noTokens, type TokenCounts, type TokenUsage } from '../spending/token-counts.ts'
import { openListPrices, roundPrice, sample } from './list-prices.ts'

/** What the models of the settings cost. */
export interface PriceList {
  /** Undefined for a model whose price nobody knows. */
  priceOf(modelId: string): Price | undefined
  /**
   * The list price of a name at any provider, in US dollars for a million tokens of output; undefined for one that
   * nobody lists. The dearest, where several do.
   */
  listedOutput(modelId: string, name: string): number | undefined
  /**
   * What one request costs, in nano AI credits. A model of unknown price costs as much as the dearest
   * that is configured, so that none is a way around a budget; where no price is known at all, nothing.
   */
  costOf(usage: TokenUsage, served?: Served): number
}

/** Who served a request, where that is known. */
export interface Served {
  /** Default: the model's own upstream. */
  upstream?: string | undefined
  /**
   * What the model that answered calls itself. Another known one costs what that one costs, and one that nobody knows
   * as much as the dearest. A deployment of Azure has a name of the operator's: where they have set its price, that is
   * what it costs by whichever name.
   */
  answered_by?: string | undefined
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
  const listPrices = await openListPrices(settings.upstreams)
  const models = new Map(settings.models.map((model) => [model.id, model]))
  const rates = new Map(settings.models.map((model) => [model.id, rateOf(model)]))
  const others = new Map<string, Rate>()

  function rateOf({ price, name, id, upstream }: Named): Rate {
    if (price !== undefined) return (counts) => listed(price, counts)
    return (counts) => listPrices.listPriceOf(name ?? id, upstream, counts)
  }

  /** What the answering one costs: the model itself, or another that is known under that name. */
  function rateOfAnswer(modelId: string, { upstream, answered_by: answered }: Served): Rate {
    const model = models.get(modelId)
    if (model === undefined) return () => undefined
    const fallback = model.fallbacks?.find((one) => one.upstream === upstream)
    const isFallback = upstream !== undefined && upstream !== model.upstream
    const served: Named =
      isFallback && fallback !== undefined ? { id: modelId, ...fallback } : model
    const own = rateOf(served)
    if (answered === undefined) return own
    const asked = { upstream: served.upstream, names: [served.name, model.name, modelId] }
    const found = identifyAnswer(settings, asked, answered)
    if (found.type === 'asked') return own
    if (found.type === 'other') return rateOf(found.model)
    const isSet = served.price !== undefined
    if (isSet && found.isDeployment) return own
    return (counts) =>
      listPrices.listPriceOf(answered, served.upstream, counts) ??
      (isSet || found.isVariant ? own(counts) : undefined)
  }

  function rateFor(modelId: string, served: Served): Rate | undefined {
    const own = models.get(modelId)?.upstream
    const { upstream = own, answered_by: answered } = served
    if (answered === undefined && upstream === own) return rates.get(modelId)
    const key = JSON.stringify([modelId, served.upstream, served.answered_by])
    const known = others.get(key) ?? rateOfAnswer(modelId, served)
    // Upstreams choose the names: however many they think of, few are kept.
    if (others.size < mostKept) others.set(key, known)
    return known
  }

  function dollarsOf(modelId: string, counts: TokenCounts, served: Served): number {
    if (modelId === scriptModelId) return 0
    const known = rateFor(modelId, served)?.(counts)
    if (known !== undefined) return known
    return Math.max(0, ...[...rates.values()].map((rate) => rate(counts) ?? 0))
  }

  return {
    priceOf(modelId) {
      if (modelId === scriptModelId) return free
      const rate = rates.get(modelId)
      const output = rate?.({ ...noTokens, output_tokens: sample })
      if (rate === undefined || output === undefined) return undefined
      const perMillion = (counts: Partial<TokenCounts>) =>
        roundPrice(((rate({ ...noTokens, ...counts }) ?? 0) / sample) * 1e6)
      return {
        input: perMillion({ input_tokens: sample }),
        cached_input: perMillion({ input_tokens: sample, cached_input_tokens: sample }),
        cache_write: perMillion({ input_tokens: sample, cache_write_tokens: sample }),
        output: roundPrice((output / sample) * 1e6),
      }
    },
    listedOutput(modelId, name) {
      const model = models.get(modelId)
      const served = model === undefined ? [] : [model, ...(model.fallbacks ?? [])]
      return listPrices.dearestOutput(
        name,
        served.map(({ upstream }) => upstream),
      )
    },
    costOf({ model, ...counts }, served = {}) {
      // Prices of up to five decimals are whole nano credits a token: rounding only takes away what
      // binary fractions add.
      const nano = Math.round(dollarsOf(model, counts, served) * nanoPerDollar)
      return Math.min(nano, Number.MAX_SAFE_INTEGER)
    },
  }
}

/** A model of the settings, or one of its fallbacks. */
type Named = Pick<Settings['models'][number], 'id' | 'name' | 'upstream' | 'price'>

/** At Anthropic: twice the input's price for an hour, 1.25 times for five minutes. */
const hourOverMinutes = 1.6
const mostKept = 1000

const free: Price = { input: 0, cached_input: 0, cache_write: 0, output: 0 }

/** Cached tokens are part of the input, read and written ones alike. */
function listed(
  price: NonNullable<Settings['models'][number]['price']>,
  counts: TokenCounts,
): number {
  const { cached_input_tokens: cached, cache_write_tokens: written } = counts
  const { input, cached_input = input, cache_write = input, output } = price
  const anHour =
    price.cache_write_1h ??
    (price.cache_write === undefined ? input : cache_write * hourOverMinutes)
  const fresh = Math.max(0, counts.input_tokens - cached - written)
  const forAnHour = Math.min(counts.cache_write_1h_tokens ?? 0, written)
  return (
    (fresh * input +
      cached * cached_input +
      (written - forAnHour) * cache_write +
      forAnHour * anHour +
      counts.output_tokens * output) /
    1e6
  )
}

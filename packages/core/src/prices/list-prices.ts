import type { Settings } from '@errand/contract'
import { noTokens, type TokenCounts } from '../spending/token-counts.ts'

/** What providers ask, in US dollars. */
export interface ListPrices {
  /** Of a request, at the provider that an upstream stands for; undefined for a name it does not list. */
  listPriceOf(name: string, upstreamName: string, counts: TokenCounts): number | undefined
  /** Of a million tokens of output: the dearest at these upstreams and anywhere else; undefined where nobody lists it. */
  dearestOutput(name: string, upstreamNames: readonly string[]): number | undefined
}

/** As `@pydantic/genai-prices` had them when it was released: no network is asked. */
export async function openListPrices(upstreams: Settings['upstreams']): Promise<ListPrices> {
  // Two megabytes, for those who use a model.
  const { calcPrice } = await import('@pydantic/genai-prices')
  const unlisted = new Set<string>()

  function listPriceOf(name: string, upstreamName: string, counts: TokenCounts) {
    const upstream = upstreams[upstreamName]
    if (upstream === undefined) return undefined
    const usage = {
      input_tokens: counts.input_tokens,
      cache_read_tokens: counts.cached_input_tokens,
      cache_write_tokens: counts.cache_write_tokens,
      cache_write_1h_tokens: counts.cache_write_1h_tokens ?? 0,
      output_tokens: counts.output_tokens,
    }
    // To find out that nobody lists a name takes a look at all providers, for each request anew.
    const key = JSON.stringify([name, upstreamName])
    if (unlisted.has(key)) return undefined
    for (const way of waysToProvider(upstream)) {
      const found = calcPrice(usage, name, way)
      if (found !== null) return found.total_price
    }
    if (unlisted.size < mostKept) unlisted.add(key)
    return undefined
  }

  return {
    listPriceOf,
    dearestOutput(name, upstreamNames) {
      const counts = { ...noTokens, output_tokens: sample }
      const found = upstreamNames.map((upstream) => listPriceOf(name, upstream, counts))
      // Whoever the upstream stands for.
      const anywhere = calcPrice({ output_tokens: sample }, name)?.total_price
      const prices = [...found, anywhere].flatMap((price) => price ?? [])
      return prices.length === 0 ? undefined : roundPrice((Math.max(...prices) / sample) * 1e6)
    },
  }
}

const mostKept = 1000

/** Short enough for the first price where there are several by length. */
export const sample = 1000

export function roundPrice(dollars: number): number {
  return Number(dollars.toPrecision(12))
}

/** A gateway in between has another address: then its wire format tells whose model it is. */
function waysToProvider({ base_url: providerApiUrl, kind, wire }: Settings['upstreams'][string]) {
  const ofCloud = { azure: 'azure', vertex: 'google', bedrock: 'aws', plain: undefined } as const
  const ids = [ofCloud[kind ?? 'plain'], wire === 'gemini' ? 'google' : wire]
  return [
    { providerApiUrl },
    ...ids.flatMap((providerId) => (providerId === undefined ? [] : { providerId })),
  ]
}

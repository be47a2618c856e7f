import type { Upstream } from '@errand/contract'

/** Where a call goes. */
export interface Address {
  /** Scheme, host and port. */
  origin: string
  /** With the query. */
  path: string
}

const bases = new WeakMap<Upstream, Address>()

/** An address below the base URL of an upstream, which is read once: an agent waits for each of its calls. */
export function addressBelow(upstream: Upstream, path: string): Address {
  const base = bases.get(upstream) ?? baseOf(upstream)
  bases.set(upstream, base)
  return { origin: base.origin, path: base.path + path }
}

function baseOf({ base_url: url }: Upstream): Address {
  const { origin, path } = addressOf(url)
  return { origin, path: path.replace(/\/+$/, '') }
}

export function addressOf(url: string | URL): Address {
  const { origin, pathname, search } = new URL(url)
  return { origin, path: pathname + search }
}

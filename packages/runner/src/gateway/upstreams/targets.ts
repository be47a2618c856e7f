import type { Model, Settings, Upstream } from '@errand/contract'

/** An upstream that serves a model, and what it calls it. */
export interface Target {
  upstreamName: string
  upstream: Upstream
  name: string
}

/** Where a model is served, in the order in which they are tried. Those of another wire are left out. */
export function targetsOf(settings: Settings, model: Model): Target[] {
  const wire = settings.upstreams[model.upstream]?.wire
  return [model, ...(model.fallbacks ?? [])].flatMap(({ upstream: upstreamName, name }) => {
    const upstream = settings.upstreams[upstreamName]
    if (upstream === undefined || upstream.wire !== wire) return []
    return { upstreamName, upstream, name: name ?? model.id }
  })
}

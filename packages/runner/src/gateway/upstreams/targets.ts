import type { Model, Settings, Upstream } from '@errand/contract'

/** An upstream that serves a model, and what it calls it. */
export interface Target {
  upstreamName: string
  upstream: Upstream
  name: string
}

const known = new WeakMap<Model, readonly Target[]>()

/** Where a model of the settings is served, in the order in which they are tried. Those of another wire are left out. */
export function targetsOf(settings: Settings, model: Model): readonly Target[] {
  const targets = known.get(model) ?? findTargets(settings, model)
  known.set(model, targets)
  return targets
}

function findTargets(settings: Settings, model: Model): Target[] {
  const wire = settings.upstreams[model.upstream]?.wire
  return [model, ...(model.fallbacks ?? [])].flatMap(({ upstream: upstreamName, name }) => {
    const upstream = settings.upstreams[upstreamName]
    if (upstream === undefined || upstream.wire !== wire) return []
    return { upstreamName, upstream, name: name ?? model.id }
  })
}

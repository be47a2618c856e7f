import type { Settings } from '@errand/contract'
import { openUpstreamKeys } from '@errand/runner'
import type { Environment } from '../settings.ts'
import { readSecret } from './read-secret.ts'

export interface UpstreamCheck {
  name: string
  ok: boolean
  detail: string
  remedy?: string
}

/** Of each upstream, whether its key is where the settings say. No upstream is asked, no key is shown. */
export async function examineUpstreams(
  { upstreams, models }: Settings,
  environment: Environment,
): Promise<UpstreamCheck[]> {
  const keys = openUpstreamKeys((variable) => readSecret(environment, variable))
  return await Promise.all(
    Object.entries(upstreams).map(async ([upstreamName, upstream]) => {
      const name = `upstream ${upstreamName}`
      try {
        const key = await keys.keyOf(upstreamName, upstream)
        const served = models.filter((model) => model.upstream === upstreamName).length
        const kind = upstream.kind === undefined ? '' : ` of kind ${upstream.kind}`
        const found = key === undefined ? 'no key is sent' : 'its key is there'
        const detail = `${upstream.wire}${kind} at ${upstream.base_url}, ${served} models; ${found}`
        return { name, ok: true, detail }
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error)
        return { name, ok: false, detail, remedy: 'Its models fail until the key is there.' }
      }
    }),
  )
}

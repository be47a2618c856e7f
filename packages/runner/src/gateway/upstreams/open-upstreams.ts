import { noteAnsweringUpstream, noteFailingUpstream } from '@errand/core'

import type { RunnerContext } from '../../run/run.ts'
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts'
import { openUpstreamKeys, type UpstreamKeys } from './upstream-keys.ts'

/** What a runner knows of its upstreams, shared by all its sessions. */
export interface Upstreams {
  keys: UpstreamKeys
  breakerOf(name: string): CircuitBreaker
  /** Tells all servers whether an upstream answers: `auto` goes by it. It is not worth a failing call. */
  tell(name: string, isAnswering: boolean): Promise<void>
}

const opened = new WeakMap<RunnerContext, Upstreams>()

export function upstreamsOf(context: RunnerContext): Upstreams {
  const known = opened.get(context) ?? openUpstreams(context)
  opened.set(context, known)
  return known
}

function openUpstreams({ store, log, secrets }: RunnerContext): Upstreams {
  const breakers = new Map<string, CircuitBreaker>()
  return {
    keys: openUpstreamKeys(secrets),
    breakerOf(name) {
      const breaker = breakers.get(name) ?? createCircuitBreaker()
      breakers.set(name, breaker)
      return breaker
    },
    async tell(name, isAnswering) {
      log.info({ upstream: name }, isAnswering ? 'an upstream answers again' : 'an upstream fails')
      try {
        await (isAnswering ? noteAnsweringUpstream : noteFailingUpstream)(store, name)
      } catch (error) {
        log.debug({ err: error }, 'whether an upstream answers could not be noted')
      }
    },
  }
}

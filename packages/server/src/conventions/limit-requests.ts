import { exchangeRateCounts, isDisconnected, repeatPass, sweepRateWindows } from '@errand/core'
import { rateLimitsOf } from '@errand/contract'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import type { RateCaller } from './rate-caller.ts'
import { createRateLimits, type Operation, rateHeaders, type RateLimits } from './rate-limit.ts'

/** How often servers on one database tell each other what they have counted. */
const exchangeEveryMs = 1000
const sweepEveryMs = 60_000

/** The server's limits: shared by all servers on a PostgreSQL, its own on a PGlite, which has no others. */
export function openRateLimits({ settings, store }: ServerContext): RateLimits {
  const isShared = store.kind === 'postgres'
  return createRateLimits(rateLimitsOf(settings.rate_limits), {
    exchange: isShared ? (counts) => exchangeRateCounts(store, counts) : undefined,
  })
}

/**
 * Keeps what is counted the same on all servers while this one runs. A request waits for none of it; a
 * server that dies takes with it what it counted since the last exchange.
 */
export function shareRateLimits(context: ServerContext, limits: RateLimits): FastifyPluginAsync {
  return async (app) => {
    if (context.store.kind !== 'postgres') return
    const { log, store } = context
    const closing = new AbortController()
    const { signal } = closing
    const loops = [
      repeatPass({ log, signal, everyMs: exchangeEveryMs, what: 'sharing rate limits' }, () =>
        limits.exchange(),
      ),
      repeatPass({ log, signal, everyMs: sweepEveryMs, what: 'sweeping rate limits' }, () =>
        sweepRateWindows(store),
      ),
    ]
    app.addHook('onClose', async () => {
      closing.abort()
      await Promise.all(loops)
      try {
        await limits.exchange()
      } catch (error) {
        // As after a crash: the others do not learn of the last second.
        if (!isDisconnected(error)) throw error
      }
    })
  }
}

/**
 * Counts a request against every limit but that on creating, and gives its answer the headers. The
 * request's place among those at a time is free again when its answer is sent, or nobody waits for it.
 *
 * @throws ErrandError rate_limited, secondary_rate_limited
 */
export function limitRequest(
  limits: RateLimits,
  caller: RateCaller,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  void reply.headers(rateHeaders(limits.take(caller)))
  limits.takePoints(caller, operationOf(request))
  if (isLasting(request)) return
  const leave = limits.enter(caller)
  reply.raw.once('finish', leave)
  // A client that left hears no end of it.
  reply.raw.once('close', leave)
}

/** The same operation under each prefix; what nothing answers is one operation as well. */
export function operationOf({ method, routeOptions }: FastifyRequest): Operation {
  return { method, path: routeOptions.url?.replace(/^\/api\/v3(?=\/)/, '') ?? '' }
}

/** A log that is followed, or the tool of an agent that waits for a task: it lasts, and costs next to nothing. */
function isLasting(request: FastifyRequest): boolean {
  const { path } = operationOf(request)
  const isStream = request.headers.accept?.includes('text/event-stream') === true
  return path === '/mcp' || (request.method === 'GET' && path.endsWith('/events') && isStream)
}

/**
 * What others see is created by these (behaviour.md 2.4), or sent to them: a webhook and what it is told anew, a
 * token, a branch, the tasks of a campaign's retry. And so is what a portal or a hook sends.
 */
export function isCreating(request: FastifyRequest): boolean {
  const { method, path } = operationOf(request)
  if (path.startsWith('/integrations/')) return method === 'POST'
  return created.some(([of, pattern]) => of === method && pattern.test(path))
}

const created: [method: string, path: RegExp][] = [
  ['POST', /\/(tasks|steer|pulls|issues|comments|labels|repos|campaigns|automations)$/],
  ['POST', /\/(hooks|pings|attempts|tokens|git\/refs|runs|retry)$/],
  ['PUT', /\/contents\/\*$/],
]

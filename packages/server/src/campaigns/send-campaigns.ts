import { advanceCampaigns, createWake, repeatPass } from '@errand/core'
import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../context.ts'
import { lookAtPulls, paceOf } from './look-at-pulls.ts'
import { sendCampaign } from './send-campaign.ts'

/** How often it is looked without being told of a change. */
const sendEveryMs = 2000

/**
 * Keeps campaigns going while the server runs: sends what their rules admit, and looks what became of
 * their pull requests. Several servers may do so at once.
 */
export function campaignLoops(context: ServerContext): FastifyPluginAsync {
  return async (app) => {
    const { store, log } = context
    const closing = new AbortController()
    const { signal } = closing
    const wake = createWake()
    // Any change of the queue may have ended a task, and so made room for the next.
    const unsubscribe = store.changes.subscribe('queue', wake.wake)
    const sending = { log, signal, wake, everyMs: sendEveryMs, what: 'sending campaigns' }
    const looking = {
      log,
      signal,
      everyMs: paceOf(context.settings).everyMs,
      what: "looking at campaigns' pull requests",
    }
    const loops = [
      repeatPass(sending, () => advanceCampaigns(store, (id) => sendCampaign(context, id))),
      repeatPass(looking, () => lookAtPulls(context, signal)),
    ]
    app.addHook('onClose', async () => {
      unsubscribe()
      closing.abort()
      context.campaigns.isClosing = true
      await Promise.all(loops)
      // What became of each was told to whoever asked for it.
      await Promise.allSettled(context.campaigns.underway.values())
    })
  }
}

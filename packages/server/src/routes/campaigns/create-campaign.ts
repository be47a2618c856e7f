import type { routes } from '@errand/contract'
import * as core from '@errand/core'
import { credentialOf } from '../../auth/credential.ts'
import { prepareCampaign } from '../../campaigns/prepare-campaign.ts'
import { sendCampaignNow } from '../../campaigns/send-campaign.ts'
import { slotsOf } from '../../campaigns/slots.ts'
import { readIdempotencyKey } from '../../conventions/idempotency-key.ts'
import type { Handler } from '../../handler.ts'
import { presentCampaign, presentForecast } from '../../present/campaign.ts'
import { hashOf } from '../../start-task.ts'

/** `POST /agents/campaigns`: all of it is stored, or nothing. */
export const createCampaign: Handler<typeof routes.createCampaign> = async (context, call) => {
  const key = readIdempotencyKey(call.headers['idempotency-key'])
  const { campaign, repositories } = await prepareCampaign(context, call.caller, call.body)
  const { id, replayed } = await core.createCampaign(
    context.store,
    {
      ...campaign,
      ...(key === undefined ? {} : { idempotency: { key, body_hash: hashOf(call.body) } }),
    },
    credentialOf(context, call.caller),
  )
  if (!replayed) await sendCampaignNow(context, id, repositories)
  const detail = await core.getCampaign(context.store, id, slotsOf(context.settings))
  return {
    status: 201,
    body: presentCampaign(detail, call.urls),
    headers: replayed ? { 'idempotent-replay': 'true' } : {},
  }
}

/** `POST /agents/campaigns/forecast`: what a create would answer, and when it would be over. */
export const forecastCampaign: Handler<typeof routes.forecastCampaign> = async (context, call) => {
  const { campaign } = await prepareCampaign(context, call.caller, call.body)
  const { rules, targets } = campaign
  const slots = slotsOf(context.settings)
  const byWave = new Map<number, number>()
  for (const place of targets.keys()) {
    const wave = core.waveOf(rules.waves, place)
    byWave.set(wave, (byWave.get(wave) ?? 0) + 1)
  }
  const model = targets[0]?.task.model ?? ''
  const forecast = core.forecast(
    { byWave, parallel: Math.min(rules.concurrency ?? slots, slots), spentNano: 0 },
    await core.patiently(() => core.experienceOf(context.store.db, { model })),
  )
  return { status: 200, body: presentForecast(forecast) }
}

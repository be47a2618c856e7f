import { autoModelId, type routes } from '@errand/contract'
import * as core from '@errand/core'
import { linkHeaderOf } from '../../conventions/link-header.ts'
import type { Handler } from '../../handler.ts'
import { resolveModel } from '../../models.ts'

/** `GET /agents/models`: what a task may name, what it costs, and whether its upstream answers. */
export const listModels: Handler<typeof routes.listModels> = async (context, call) => {
  const { page, per_page } = call.query
  const { settings, store } = context
  const offered = [...(await core.offeredModels(settings)), core.scriptModel]
  const prices = await core.priceListOf(settings)
  const failing = await core.failingUpstreams(store)
  const auto = await resolveModel(context, { requested: autoModelId, prompt: '' }).catch(
    () => undefined,
  )
  const models = offered.slice((page - 1) * per_page, page * per_page).map((model) => {
    const configured = settings.models.find(({ id }) => id === model.id)
    return {
      id: model.id,
      aliases: model.aliases,
      agent: model.agent,
      is_default: model.id === auto?.id,
      multiplier: model.multiplier,
      price: prices.priceOf(model.id) ?? null,
      available: configured === undefined || !failing.has(configured.upstream),
      ...(configured === undefined ? {} : { context_window: configured.context_window }),
      ...(configured?.owners === undefined ? {} : { owners: configured.owners }),
    }
  })
  const link = linkHeaderOf(call.url, call.query, offered.length)
  return { status: 200, body: { models }, headers: { link } }
}

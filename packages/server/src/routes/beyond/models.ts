import type { routes } from '@errand/contract'
import { priceListOf } from '@errand/core'
import type { Handler } from '../../handler.ts'
import { offeredModels } from '../../models.ts'

/** `GET /agents/models`: what a task may name. */
export const listModels: Handler<typeof routes.listModels> = async (context, call) => {
  const { page, per_page } = call.query
  const models = offeredModels(context.settings).slice((page - 1) * per_page, page * per_page)
  const prices = await priceListOf(context.settings)
  return {
    status: 200,
    body: {
      models: models.map((model) => ({ ...model, price: prices.priceOf(model.id) ?? null })),
    },
  }
}

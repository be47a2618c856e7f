import { AnswerError, type Client, isRefusal } from '@errand/contract'
import { type Model, readModels } from '../client/read-models.ts'
import { formatCredits } from '../present/campaign.ts'
import type { Campaign } from './campaign.ts'
import type { PlannedTask } from './journal-record.ts'

/** How many tokens a task may read and write. */
export interface TokenGuess {
  input: number
  output: number
}

/** A task of a few minutes on one repository, as agents read files again and again. */
export const usualTokens: TokenGuess = { input: 500_000, output: 15_000 }

/**
 * What a campaign would cost, in a sentence that says how that was reckoned: by what earlier tasks on
 * the model have cost, else by its price and a guess of the tokens.
 *
 * @param guess from the user; it goes before all experience
 */
export async function estimateCost(
  client: Client,
  campaign: Campaign,
  tasks: readonly PlannedTask[],
  guess: TokenGuess | undefined,
  signal: AbortSignal,
): Promise<string> {
  const models = await readPrices(client, signal)
  if (models === undefined) return 'What it would cost is not known: GitHub tells no prices.'
  const model = models.find(({ id, is_default: isDefault }) =>
    campaign.model === undefined || campaign.model === 'auto' ? isDefault : id === campaign.model,
  )
  if (model === undefined) return 'What it would cost is not known: the server has no such model.'
  if (model.id === 'script') return 'It would cost nothing: scripts use no model.'
  const earlier = guess ?? (await readEarlier(client, campaign, tasks, signal))
  if (typeof earlier === 'string') return earlier
  return byPrice(model, tasks.length, earlier ?? usualTokens)
}

/** Undefined of a server that does not tell, like GitHub. */
async function readPrices(client: Client, signal: AbortSignal): Promise<Model[] | undefined> {
  try {
    return await readModels(client, signal)
  } catch (error) {
    if (error instanceof AnswerError && error.status === 404) return undefined
    throw error
  }
}

/** By what tasks on the model have cost here; undefined where none has ended yet. */
async function readEarlier(
  client: Client,
  campaign: Campaign,
  tasks: readonly PlannedTask[],
  signal: AbortSignal,
): Promise<string | undefined> {
  const [first] = tasks
  if (first === undefined) return undefined
  try {
    const { basis } = await client.call('forecastCampaign', {
      params: {},
      // One is enough to ask by: the others cost as much.
      body: {
        prompt: first.prompt,
        targets: [{ repository: first.repository }],
        ...(campaign.model === undefined ? {} : { model: campaign.model }),
      },
      signal,
    })
    if (basis === undefined) return undefined
    const { median_usage: usage, tasks: count } = basis
    const whole = formatCredits(usage.amount * tasks.length)
    return `It would cost about ${whole}: ${formatCredits(usage.amount)} a task, the median of ${count} earlier ones on this model.`
  } catch (error) {
    // What cannot be sent is told when it is sent; a price can be given all the same.
    if (isRefusal(error)) return undefined
    throw error
  }
}

function byPrice({ id, price }: Model, count: number, { input, output }: TokenGuess): string {
  if (price === null) {
    return `What it would cost is not known: nobody knows the price of ${id}. The server's operator can say it, as models[].price.`
  }
  // Dollars a million tokens are hundreds of thousands of nano credits a token.
  const nano = (input * price.input + output * price.output) * 100_000
  const tokens = `${input.toLocaleString('en')} tokens in and ${output.toLocaleString('en')} out`
  return `It would cost about ${formatCredits(nano * count)}: ${formatCredits(nano)} a task, at the price of ${id} and a guess of ${tokens}; --estimate-tokens has yours.`
}

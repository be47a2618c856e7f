import { createClient } from '@errand/contract'
import { expect, it } from 'vitest'
import { type Answers, openFakeServer } from '../testing/fake-server.ts'
import { Campaign } from './campaign.ts'
import { estimateCost, type TokenGuess } from './estimate.ts'

const price = { input: 3, cached_input: 0.3, cache_write: 3.75, output: 15 }
const models = [
  { id: 'sonnet', agent: 'coder', is_default: true, price },
  { id: 'ours', agent: 'coder', is_default: false, price: null },
  { id: 'script', agent: 'script', is_default: false, price },
]
const usage = { type: 'ai_credits', amount: 12e9 }
const basis = { source: 'model', tasks: 40, median_seconds: 300, median_usage: usage }

async function estimate(answers: Answers, model?: string, guess?: TokenGuess): Promise<string> {
  await using server = await openFakeServer({ 'GET /agents/models': { models }, ...answers })
  const campaign = Campaign.parse({
    name: 'dates',
    prompt: 'p',
    targets: {},
    ...(model && { model }),
  })
  const tasks = ['acme/a', 'acme/b', 'acme/c'].map((repository) => ({ repository, prompt: 'p' }))
  const client = createClient({ baseUrl: server.url, token: 't' })
  return await estimateCost(client, campaign, tasks, guess, new AbortController().signal)
}

it('is by what earlier tasks on the model have cost', async () => {
  const answers = { 'POST /agents/campaigns/forecast': { remaining_tasks: 1, basis } }
  expect(await estimate(answers)).toBe(
    'It would cost about 36 AI credits: 12 AI credits a task, the median of 40 earlier ones on this model.',
  )
})

it('is by the price and a guess of the tokens where none has ended yet', async () => {
  const answers = { 'POST /agents/campaigns/forecast': { remaining_tasks: 1 } }
  expect(await estimate(answers)).toMatch(
    /^It would cost about 517\.5 AI credits: 172\.5 AI credits a task, at the price of sonnet and a guess of 500,000 tokens in and 15,000 out/,
  )
})

it("is by the user's guess before all experience", async () => {
  const answers = { 'POST /agents/campaigns/forecast': { remaining_tasks: 1, basis } }
  expect(await estimate(answers, 'sonnet', { input: 100_000, output: 0 })).toMatch(
    /^It would cost about 90 AI credits: 30 AI credits a task/,
  )
})

it.each([
  ['script', {}, /^It would cost nothing/],
  ['ours', {}, /nobody knows the price of ours/],
  ['unheard-of', {}, /the server has no such model/],
  ['sonnet', { 'GET /agents/models': 404 }, /GitHub tells no prices/],
  ['sonnet', { 'POST /agents/campaigns/forecast': 403 }, /at the price of sonnet/],
])('says of %s what is known, and how', async (model, answers, sentence) => {
  expect(await estimate(answers, model)).toMatch(sentence)
})

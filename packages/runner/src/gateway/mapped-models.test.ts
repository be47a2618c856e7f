import { changeTask } from '@errand/core'
import { expect, it } from 'vitest'

import { useGateway } from '../testing/gateway-stage.ts'

const stage = useGateway((url) => {
  const price = { input: 1, output: 1 }
  return {
    upstreams: {
      first: { wire: 'openai', base_url: `${url}/first` },
      second: { wire: 'openai', base_url: `${url}/second` },
      third: { wire: 'anthropic', base_url: `${url}/third` },
    },
    models: [
      { id: 'own', upstream: 'first', multiplier: 1, price },
      { id: 'cheapest', upstream: 'first', multiplier: 0.1, price: { input: 0, output: 0 } },
      { id: 'titles', upstream: 'second', multiplier: 0.33, price },
      { id: 'dear', upstream: 'first', multiplier: 3, price },
      { id: 'of-another-wire', upstream: 'third', multiplier: 0, price },
      { id: 'of-others', upstream: 'first', multiplier: 0, price, owners: ['umbrella'] },
    ],
    mapped_models: {
      'gpt-5.6-luna': 'titles',
      'to-dear': 'dear',
      'to-another-wire': 'of-another-wire',
      'to-others': 'of-others',
      'to-none': 'missing',
      own: 'titles',
      '*': 'own',
    },
  }
})
const { open, post, usage } = stage

it.each([
  ['as it is', 'gpt-5.6-luna', 'titles'],
  ['without provider and date', 'openai/gpt-5.6-luna-2026-10-01', 'titles'],
  ['by the rule for all others', 'anything', 'own'],
  ['not where a model has that name', 'own', 'own'],
  ['not to one that is dearer than the own one', 'to-dear', 'cheapest'],
  ['not to one of another wire', 'to-another-wire', 'cheapest'],
  ['not to one for other owners', 'to-others', 'cheapest'],
  ['not to one that is not there', 'to-none', 'cheapest'],
])('a name is mapped %s', async (_, name, gets) => {
  await open('own')

  await post('/openai/v1/responses', { model: name })

  const [call] = stage.calls
  expect(JSON.parse(call?.body.toString() ?? '')).toEqual({ model: gets })
  expect(call?.url).toBe(gets === 'titles' ? '/second/responses' : '/first/responses')
})

it('what is mapped is counted as the model that answers', async () => {
  await open('own')
  const used = { input_tokens: 100, output_tokens: 20 }
  stage.answer = (response) => response.end(JSON.stringify({ model: 'titles', usage: used }))

  await post('/openai/v1/responses', { model: 'gpt-5.6-luna' })

  expect((await usage()).at(-1)).toMatchObject({ model: 'titles', ...used })
})

it('what is mapped to a model that is dearer than the task may use is refused', async () => {
  const { store } = stage.testRun.test
  const { id } = stage.testRun.run.lease.task
  await changeTask(store, id, { max_multiplier: 0.5 })
  await open('own')

  const { status, text } = await post('/openai/v1/responses', { model: 'anything' })
  await changeTask(store, id, { max_multiplier: null })

  expect([status, text]).toEqual([403, expect.stringContaining('of own is 1, and 0.5')])
  expect(stage.calls).toEqual([])
})

import { expect, it } from 'vitest'
import { openFakeServer } from '../testing/fake-server.ts'
import { runCli } from '../testing/run-cli.ts'

const sums = {
  sessions: 3,
  requests: 12,
  input_tokens: 1_200_000,
  cached_input_tokens: 10,
  cache_write_tokens: 0,
  output_tokens: 3400,
  reasoning_tokens: 5,
}
const aiCredits = (amount: number) => ({ type: 'ai_credits', amount })
const used = (amount: number, exact: string) => ({ usage: aiCredits(amount), ai_credits: exact })
const report = {
  by: 'model',
  since: '2026-11-01',
  until: '2026-11-23',
  usage: [
    { key: 'sonnet', ...sums, ...used(43_380_350_001, '43.380350001') },
    { key: '=\u001b[31mhaiku', ...sums, sessions: 1, ...used(10_845_087_500, '10.8450875') },
  ],
  total: { ...sums, ...used(54_225_437_501, '54.225437501') },
  budgets: [
    {
      scope: 'organization',
      name: 'acme',
      ai_credits: 60,
      prevent_further_usage: true,
      spent: aiCredits(54_225_437_501),
      reserved: aiCredits(0),
    },
  ],
}

async function run(args: string[], answers: object) {
  await using server = await openFakeServer(answers as never)
  const environment = { ERRAND_URL: server.url, ERRAND_TOKEN: 'ghp_x' }
  const ran = await runCli(args, { environment })
  return { ...ran, asked: server.asked }
}

it('usage is a chart, longest for what cost most, with the share of the budget', async () => {
  const { out, asked } = await run(['usage', '--org', 'acme', '--since', '2026-11-01'], {
    'GET /orgs/acme/agents/usage': report,
  })

  expect(asked[0]?.path).toBe('/orgs/acme/agents/usage?by=model&since=2026-11-01')
  expect(out).toMatchInlineSnapshot(`
    "54.23 AI credits from 2026-11-01 to 2026-11-23
    3 sessions, 12 requests, 1.2M tokens in, 3.4K out

    by model
    sonnet        ████████████████████████  43.38  3 sessions  1.2M in  3.4K out
    =^[[31mhaiku  ██████                    10.85  1 session   1.2M in  3.4K out

    █████████████████████▊░░ 90 % of the 60 AI credits a month of organization acme
    "
  `)
})

it('usage as CSV has every digit, and nothing a spreadsheet would run', async () => {
  const { out } = await run(['usage', '--csv'], { 'GET /agents/usage': report })

  expect(out).toMatchInlineSnapshot(`
    "model,sessions,requests,input_tokens,cached_input_tokens,cache_write_tokens,output_tokens,reasoning_tokens,ai_credits
    sonnet,3,12,1200000,10,0,3400,5,43.380350001
    '=[31mhaiku,1,12,1200000,10,0,3400,5,10.8450875
    "
  `)
})

it('usage as CSV has more digits than a number can hold', async () => {
  const row = { key: 'sonnet', ...sums, ...used(2 ** 53, '9007199.254740993') }
  const { out } = await run(['usage', '--csv'], {
    'GET /agents/usage': { ...report, usage: [row] },
  })

  expect(out).toContain('5,9007199.254740993\n')
})

it('usage takes days, and says what it does not take', async () => {
  const { asked } = await run(['usage', '--since', '30d', '--by', 'day', '--json'], {
    'GET /agents/usage': report,
  })
  expect(asked[0]?.path).toMatch(/since=\d{4}-\d\d-\d\d$/)

  const wrong = await run(['usage', '--since', 'yesterday'], {})
  expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('like 30d')])
})

it.each([
  ['model', 'model'],
  ['repo', 'repository'],
  ['repository', 'repository'],
  ['user', 'user'],
  ['day', 'day'],
])('usage by %s asks for %s, and the table and the CSV say so', async (asked, by) => {
  const answers = { 'GET /orgs/acme/agents/usage': { ...report, by } }
  const args = ['usage', '--org', 'acme', '--since', '2026-11-01', '--by', asked]

  const chart = await run(args, answers)
  const csv = await run([...args, '--csv'], answers)
  const json = await run([...args, '--json'], answers)

  expect(chart.asked[0]?.path).toBe(`/orgs/acme/agents/usage?by=${by}&since=2026-11-01`)
  expect(chart.out).toContain(`\nby ${by}\n`)
  expect(csv.out.split(',')[0]).toBe(by)
  expect(JSON.parse(json.out)).toMatchObject({ by })
})

it('usage by anything else is refused', async () => {
  const { code, err } = await run(['usage', '--by', 'colour'], {})

  expect([code, err]).toEqual([1, expect.stringContaining('model, repository, user, day')])
})

const models = [
  {
    id: 'sonnet',
    aliases: ['s'],
    agent: 'coder',
    is_default: true,
    multiplier: 1,
    price: { input: 3, cached_input: 0.3, cache_write: 3.75, output: 15 },
    available: true,
  },
  {
    id: 'own',
    aliases: [],
    agent: 'coder',
    is_default: false,
    multiplier: 1,
    price: null,
    available: false,
    owners: ['acme'],
  },
]

it('models are listed with what they cost', async () => {
  const { out } = await run(['models'], { 'GET /agents/models': { models } })

  expect(out).toMatchInlineSnapshot(`
    "MODEL   MULTIPLIER  USD IN/OUT PER MILLION  AGENT  STATE
    sonnet  1x          3 / 15                  coder  auto; also s
    own     1x          unknown                 coder  does not answer; for acme
    "
  `)
})

it('models are listed to the last page', async () => {
  const [first, second] = models
  const { out } = await run(['models', '--json'], {
    'GET /agents/models?per_page=100&page=1': { models: [first] },
    'GET /agents/models?per_page=100&page=2': { models: [second] },
  })

  expect(JSON.parse(out)).toEqual(models)
})

import { expect, it } from 'vitest'
import { z } from 'zod'
import { Settings } from './index.ts'

interface Setting {
  path: string[]
  default: unknown
  description: string | undefined
}

/** Every setting that has one value, found in the schema itself; lists and maps are for the file. */
function settingsWithOneValue(): Setting[] {
  const defaults = Settings.parse({})
  const walk = (schema: z.ZodType, path: string[], value: unknown): Setting[] => {
    if (value !== undefined && typeof value === 'object') {
      const inner = schema instanceof z.ZodPrefault ? schema.unwrap() : schema
      if (!(inner instanceof z.ZodObject)) return []
      return Object.entries(inner.shape).flatMap(([key, child]) =>
        walk(child as z.ZodType, [...path, key], (value as Record<string, unknown>)[key]),
      )
    }
    return [{ path, default: value, description: schema.description }]
  }
  return walk(Settings, [], defaults)
}

const settings = settingsWithOneValue()

function nested(path: string[], value: unknown): Record<string, unknown> {
  const [key, ...rest] = path as [string, ...string[]]
  return { [key]: rest.length === 0 ? value : nested(rest, value) }
}

function at(value: unknown, path: string[]): unknown {
  return path.reduce((inner, key) => (inner as Record<string, unknown>)[key], value)
}

it('has a default for everything, so that an empty file is a whole one', () => {
  expect(Settings.parse({})).toMatchObject({
    host: '127.0.0.1',
    port: 4000,
    forge: 'embedded',
    sessions: { timeout_minutes: 59 },
    runner: { enabled: true, branch_prefix: 'errand/' },
    sandbox: { level: 'full' },
    models: [],
  })
})

it('finds the settings at the top and those within', () => {
  const paths = settings.map(({ path }) => path.join('.'))

  expect(paths).toEqual(expect.arrayContaining(['port', 'admin_token', 'sessions.lease_seconds']))
})

it.each(settings)('describes $path: its text is the documentation', ({ description }) => {
  expect(description).toMatch(/^.{10,}\.( .*\.?)?$/)
})

it.each(settings.filter((setting) => setting.default !== undefined))(
  'takes $path as the text an environment variable is',
  ({ path, default: value }) => {
    const parsed = Settings.parse(nested(path, String(value)))

    expect(at(parsed, path)).toBe(value)
  },
)

it('gives no two settings the same variable', () => {
  const variables = settings.map(({ path }) => `ERRAND_${path.join('_').toUpperCase()}`)

  expect(variables.filter((name, at) => variables.indexOf(name) !== at)).toEqual([])
})

it.each([
  ['an unknown key', { prot: 4000 }, ['prot']],
  ['an unknown key within', { sessions: { timeout: 5 } }, ['timeout']],
])('refuses %s and names it', (_, input, keys) => {
  const result = Settings.safeParse(input)

  expect(result.error?.issues).toMatchObject([{ code: 'unrecognized_keys', keys }])
})

it.each([
  { port: 65_536 },
  { port: 'http' },
  { public_url: 'ftp://x' },
  { forge: 'github' },
  { admin_token: 'short' },
  { runner: { branch_prefix: 'a/b/' } },
  { runner: { branch_prefix: 'errand' } },
  { runner: { concurrency: 0 } },
  { sandbox: { level: 'none' } },
  { sandbox: { uid: 0 } },
  { sessions: { timeout_minutes: 0 } },
  { models: [{ id: '', upstream: 'u' }] },
  { upstreams: { u: { wire: 'grpc', base_url: 'https://x' } } },
])('refuses %j', (input) => {
  expect(Settings.safeParse(input).success).toBe(false)
})

it('runs a model on coder unless it says otherwise', () => {
  const parsed = Settings.parse({ models: [{ id: 'm', upstream: 'u' }] })

  expect(parsed.models[0]).toMatchObject({ agent: 'coder', max_output_tokens: 16_000 })
})

it('a budget is no larger than what PostgreSQL can count', () => {
  const budgetOf = (credits: number) => [
    { scope: 'organization', name: '*', ai_credits: credits, prevent_further_usage: true },
  ]
  expect(Settings.parse({ budgets: budgetOf(9e9) }).budgets).toEqual(budgetOf(9e9))
  expect(Settings.safeParse({ budgets: budgetOf(9e9 + 1) }).error?.issues).toMatchObject([
    { path: ['budgets', 0, 'ai_credits'] },
  ])
})

import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createDatabase, postgresUrl } from '../support/database.ts'
import { eventually } from '../support/eventually.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { createTempFolder } from '../support/temp-folder.ts'

const why = postgresUrl === undefined ? ' (skipped: ERRAND_TEST_DATABASE_URL is not set)' : ''

describe.skipIf(postgresUrl === undefined)(`two servers on one PostgreSQL${why}`, () => {
  const settings = {
    runner: { enabled: false },
    rate_limits: { per_hour: 1000, created_per_minute: 10 },
  }

  async function create({ url, token }: Errand): Promise<Response> {
    return await fetch(`${url}/agents/repos/acme/sums/tasks`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'user-agent': 'test' },
      body: JSON.stringify({ prompt: 'p', model: 'script' }),
    })
  }

  async function list({ url, token }: Errand, path = '/agents/tasks'): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, 'user-agent': 'test' }
    return await fetch(`${url}${path}`, { headers })
  }

  /** Asked in a way that is free. */
  async function usedAt(errand: Errand): Promise<number> {
    return Number((await list(errand, '/rate_limit')).headers.get('x-ratelimit-used'))
  }

  it('let a token create no more than one would, asked at the same time', async () => {
    await using database = await createDatabase()
    await using folder = await createTempFolder('shared-limits')
    const start = (name: string) =>
      startErrand({ settings, databaseUrl: database.url, dataDir: join(folder.path, name) })
    await using one = await start('one')
    await using other = await start('other')
    for (const errand of [one, other]) await errand.addRepository('acme/sums')

    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, n) => create(n % 2 === 0 ? one : other)),
    )

    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 201)).toHaveLength(10)
    expect(statuses.filter((status) => status === 429)).toHaveLength(20)
    const refused = answers.find(({ status }) => status === 429)
    expect(Number(refused?.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(Number(refused?.headers.get('retry-after'))).toBeLessThanOrEqual(60)
  })

  it('count one hour of a token, also after one of them died', async () => {
    await using database = await createDatabase()
    await using folder = await createTempFolder('shared-hour')
    const start = (name: string) =>
      startErrand({ settings, databaseUrl: database.url, dataDir: join(folder.path, name) })
    await using one = await start('one')
    const other = await start('other')
    for (let n = 0; n < 20; n += 1) await list(n % 2 === 0 ? one : other)

    // Whoever told of its own last knows of all.
    await eventually(async () => {
      expect(Math.max(await usedAt(one), await usedAt(other))).toBe(20)
    })
    await other.close()
    await using fresh = await start('fresh')
    await list(fresh)

    await eventually(async () => expect(await usedAt(fresh)).toBe(21))
  })
})

import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Backstage, startBackstage } from './testing/start-backstage.ts'
import { type Errand, startErrand } from './testing/start-errand.ts'

// By script/with-postgres.
const postgresUrl = process.env.ERRAND_TEST_DATABASE_URL

describe.skipIf(postgresUrl === undefined)('a Backstage with this module', () => {
  let errand: Errand
  let backstage: Backstage

  beforeAll(async () => {
    errand = await startErrand()
    await errand.addRepository('acme/shop')
    backstage = await startBackstage(postgresUrl ?? '', {
      baseUrl: errand.url,
      token: errand.token,
    })
  })
  afterAll(async () => {
    await backstage?.[Symbol.asyncDispose]()
    await errand?.[Symbol.asyncDispose]()
  })

  it('offers the actions, each with its schema and examples', async () => {
    const actions = (await backstage.call('GET', '/scaffolder/v2/actions')) as Action[]

    const ours = actions.filter(({ id }) => id.startsWith('errand:'))
    expect(ours.map(({ id }) => id).toSorted()).toEqual([
      'errand:fanout:create',
      'errand:task:create',
      'errand:task:wait',
    ])
    for (const { examples, schema } of ours) {
      expect(examples?.length).toBeGreaterThan(0)
      expect(schema?.input?.required?.length).toBeGreaterThan(0)
    }
  })

  it('leads from the template “new service” to a pull request', async () => {
    const { id } = (await backstage.call('POST', '/scaffolder/v2/tasks', {
      templateRef: 'template:default/new-service',
      values: {
        repoUrl: 'errand.example.com?owner=acme&repo=shop',
        name: 'shop',
        team: 'acme/payments',
        model: 'script',
      },
    })) as { id: string }

    const events = await untilEnd(backstage, id)

    const log = events.map(({ body }) => body.message).join('\n')
    const completion = events.find(({ type }) => type === 'completion')?.body
    const { status } = (await backstage.call('GET', `/scaffolder/v2/tasks/${id}`)) as Run
    expect({ status, log }).toMatchObject({ status: 'completed' })
    const url = completion?.output?.links?.[0]?.url ?? ''
    const [, number] = /\/acme\/shop\/pull\/(\d+)$/.exec(url) ?? []
    const files = await readJson<{ filename: string; patch: string }[]>(
      errand,
      `/repos/acme/shop/pulls/${number}/files`,
    )
    expect(files.map(({ filename }) => filename).toSorted()).toEqual([
      '.github/CODEOWNERS',
      '.github/workflows/ci.yml',
      'README.md',
    ])
    expect(files.find(({ filename }) => filename.endsWith('CODEOWNERS'))?.patch).toContain(
      '* @acme/payments',
    )
    expect(log).toContain('The task is completed')
    expect(log).not.toContain(errand.token)
  })
})

interface Action {
  id: string
  examples?: unknown[]
  schema?: { input?: { required?: string[] } }
}

interface Run {
  status: string
}

interface ScaffolderEvent {
  type: string
  body: {
    message: string
    output?: { links?: { url: string }[] }
  }
}

/** The log of a scaffolder's task, when it has ended. */
async function untilEnd(backstage: Backstage, id: string): Promise<ScaffolderEvent[]> {
  for (let left = 300; left > 0; left -= 1) {
    const path = `/scaffolder/v2/tasks/${id}/events`
    const events = (await backstage.call('GET', path)) as ScaffolderEvent[]
    if (events.some(({ type }) => type === 'completion')) return events
    await delay(100)
  }
  throw new Error(`the scaffolder's task ${id} did not end`)
}

async function readJson<T>({ client }: Errand, path: string): Promise<T> {
  return (await (await client.request('GET', path)).json()) as T
}

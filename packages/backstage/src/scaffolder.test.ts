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
    for (const name of ['shop', 'one', 'two', 'failing', 'slow']) {
      await errand.addRepository(`acme/${name}`)
    }
    backstage = await startBackstage(postgresUrl ?? '', {
      baseUrl: errand.url,
      token: errand.token,
    })
  }, 180_000)
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
    const id = await start(backstage, 'new-service', {
      repoUrl: 'errand.example.com?owner=acme&repo=shop',
      name: 'shop',
      team: 'acme/payments',
      model: 'script',
    })

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

  it('sends to many repositories and waits for each', async () => {
    const repositories = ['acme/one', 'acme/two', 'acme/not-there']
    const id = await start(backstage, 'any-prompt', {
      repositories,
      prompt: script('echo a >a.txt'),
    })

    const events = await untilEnd(backstage, id)

    const text = events.find(({ type }) => type === 'completion')?.body.output?.text?.[0]?.content
    expect(text).toMatch(/acme\/one\/pull\/1".*acme\/two\/pull\/1"/)
  })

  it('sends nothing a second time when a run that failed is retried', async () => {
    const repositories = ['acme/failing']
    const id = await start(backstage, 'any-prompt', { repositories, prompt: script('exit 3') })
    await untilEnd(backstage, id)

    await backstage.call('POST', `/scaffolder/v2/tasks/${id}/retry`, { secrets: {} })
    const events = await untilEnd(backstage, id)

    const log = events.map(({ body }) => body.message).join('\n')
    expect(log.match(/Beginning step Send to all/g)).toHaveLength(2)
    expect(log).toMatch(/The task [0-9a-f-]+ ended failed: /)
    expect(await statesOf(errand, 'failing')).toEqual(['failed'])
  })

  it('cancels the task of a run that is cancelled', async () => {
    const repositories = ['acme/slow']
    const id = await start(backstage, 'any-prompt', { repositories, prompt: script('sleep 50') })
    await until(async () => (await statesOf(errand, 'slow'))[0] === 'in_progress')

    await backstage.call('POST', `/scaffolder/v2/tasks/${id}/cancel`)

    await until(async () => (await statesOf(errand, 'slow'))[0] === 'cancelled')
  })
})

function script(commands: string): string {
  return `Do it\n\n\`\`\`sh\n${commands}\n\`\`\`\n`
}

/** Fills in a template, and gives the id of the scaffolder's task. */
async function start(backstage: Backstage, template: string, values: object): Promise<string> {
  const body = { templateRef: `template:default/${template}`, values }
  return ((await backstage.call('POST', '/scaffolder/v2/tasks', body)) as { id: string }).id
}

async function statesOf({ client }: Errand, repo: string): Promise<string[]> {
  const params = { owner: 'acme', repo }
  return (await client.call('listTasksForRepo', { params })).tasks.map(({ state }) => state)
}

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
    output?: { links?: { url: string }[]; text?: { content: string }[] }
  }
}

/** The log of a scaffolder's task, when it has ended. */
async function untilEnd(backstage: Backstage, id: string): Promise<ScaffolderEvent[]> {
  await until(async () => {
    const { status } = (await backstage.call('GET', `/scaffolder/v2/tasks/${id}`)) as Run
    return ['completed', 'failed', 'cancelled'].includes(status)
  })
  return (await backstage.call('GET', `/scaffolder/v2/tasks/${id}/events`)) as ScaffolderEvent[]
}

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 40_000
  while (!(await isTrue())) {
    if (Date.now() > deadline) throw new Error(`not within 40 s: ${isTrue.toString()}`)
    await delay(100)
  }
}

async function readJson<T>({ client }: Errand, path: string): Promise<T> {
  return (await (await client.request('GET', path)).json()) as T
}

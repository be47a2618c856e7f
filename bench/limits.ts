import { createClient } from '@errand/contract'
import { type Errand, startErrand } from '../test/support/start-errand.ts'
import { scriptPrompt } from '../test/support/tasks.ts'
import { formatRatio, type Section } from './report.ts'
import { measureInTurns } from './rounds.ts'
import { postgresNote, stores } from './stores.ts'

const readsPerRound = 1000
const createsPerRound = 200
const atOnce = 8

const most = 1_000_000_000
/** Every limit is counted, and none is reached. */
const counted = {
  per_hour: most,
  anonymous_per_hour: most,
  concurrent: most,
  points_per_minute: most,
  created_per_minute: most,
  created_per_hour: most,
}
const none = Object.fromEntries(Object.keys(counted).map((name) => [name, 0]))

/** What counting a request costs it, alone on PGlite and shared on PostgreSQL. */
export async function measureLimits(): Promise<Section> {
  const rows: string[][] = []
  for (const kind of stores) {
    await using free = await open(kind, none)
    await using limited = await open(kind, counted)
    const both = [free.errand, limited.errand]
    const reads = await measureInTurns(
      9,
      both.map((errand) => () => manyTimes(readsPerRound, () => read(errand))),
    )
    const creates = await measureInTurns(
      9,
      both.map((errand) => () => manyTimes(createsPerRound, () => create(errand))),
    )
    rows.push(
      ...present(`${kind.name}: \`GET /versions\``, readsPerRound, reads),
      ...present(`${kind.name}: \`POST .../tasks\``, createsPerRound, creates),
    )
  }
  return {
    name: 'limits',
    title: 'Rate limits',
    text: `The same requests with every rate limit counted and with none: the cheapest there is, where counting shows most, and a create, of which every server is told at once. ${atOnce} at once; client and server share the machine. Medians of 9 rounds of ${readsPerRound} reads and ${createsPerRound} creates, in turns. ${postgresNote}`,
    header: ['what', 'throughput', 'of that without limits'],
    rows,
  }
}

function present(what: string, count: number, [free = 0, limited = 0]: number[]): string[][] {
  const perSecond = (ms: number): string => `${Math.round((count * 1000) / ms)} /s`
  return [
    [`${what}, without limits`, perSecond(free), formatRatio(1)],
    [`${what}, all limits counted`, perSecond(limited), formatRatio(free / limited)],
  ]
}

async function open(kind: (typeof stores)[number], rate_limits: object) {
  const opened = new AsyncDisposableStack()
  const database = await kind.open()
  if (database !== undefined) opened.use(database)
  const settings = { runner: { enabled: false }, rate_limits }
  const url = database?.url
  const errand = opened.use(
    await startErrand({
      settings,
      ...(url === undefined ? { isOnPglite: true } : { databaseUrl: url }),
    }),
  )
  await errand.addRepository('acme/sums')
  return { errand, [Symbol.asyncDispose]: () => opened.disposeAsync() }
}

async function read({ url, token }: Errand): Promise<void> {
  const headers = { authorization: `Bearer ${token}`, 'user-agent': 'bench' }
  await (await fetch(`${url}/versions`, { headers })).text()
}

async function create({ url, token }: Errand): Promise<void> {
  await createClient({ baseUrl: url, token }).call('createTask', {
    params: { owner: 'acme', repo: 'sums' },
    body: { prompt: scriptPrompt('true'), model: 'script', base_ref: 'main' },
  })
}

async function manyTimes(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count
  const workers = Array.from({ length: atOnce }, async () => {
    while (left > 0) {
      left -= 1
      await work()
    }
  })
  await Promise.all(workers)
}

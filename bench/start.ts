import { PGlite } from '@electric-sql/pglite'
import { Client } from 'pg'
import { startErrand } from '../test/support/start-errand.ts'
import { createTask, scriptPrompt, untilState } from '../test/support/tasks.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { measureInTurns, median, timeMs } from './rounds.ts'
import { postgresNote, stores } from './stores.ts'

const rounds = 30

/** How long a task stands in an empty queue, over a bare hand-over by NOTIFY. */
export async function measureStart(): Promise<Section> {
  const rows: string[][] = []
  for (const kind of stores) {
    await using database = await kind.open()
    await using handOver = await prepareHandOver(database?.url)
    await using errand = await startErrand(
      database === undefined ? { isOnPglite: true } : { databaseUrl: database.url },
    )
    await errand.addRepository('acme/sums')
    const waits: number[] = []
    const [bare] = (await measureInTurns(rounds, [
      () => handOver.once(),
      async () => {
        const task = await createTask(errand.client, 'acme/sums', {
          prompt: scriptPrompt('true'),
          model: 'script',
        })
        waits.push(await timeMs(() => untilStarted(errand.client, task.id)))
        await untilState(errand.client, task.id, 'completed')
      },
    ])) as [number]
    const wait = median(waits.slice(1))
    rows.push([
      `${kind.name}: INSERT, NOTIFY, and an UPDATE by who listened`,
      formatMs(bare),
      formatRatio(1),
    ])
    rows.push([
      `${kind.name}: from the 201 to \`in_progress\``,
      formatMs(wait),
      formatRatio(wait / bare),
    ])
  }
  return {
    name: 'start',
    title: 'From 201 to in_progress',
    text: `What a client sees between the answer to its POST and the event that its task is in progress, on a server with nothing else to do: the runner is woken, admission counts the limits under its lock, the lease is written, the event is streamed. Against a bare hand-over through the same store: INSERT, NOTIFY, and the UPDATE of the one who listened. Medians of ${rounds} rounds in turns. ${postgresNote}`,
    header: ['what', 'median', 'against the bare hand-over'],
    rows,
  }
}

async function untilStarted(client: Parameters<typeof untilState>[0], id: string): Promise<void> {
  for await (const { data } of client.followEvents(id)) if (data.to === 'in_progress') return
}

interface HandOver extends AsyncDisposable {
  once(): Promise<void>
}

interface Connection {
  query(sql: string, params?: unknown[]): Promise<unknown>
  listen(heard: (payload: string) => void): Promise<unknown>
  close(): Promise<void>
}

/** A job table of three statements: the least that hands work from one to another. */
async function prepareHandOver(url: string | undefined): Promise<HandOver> {
  const [giver, taker] = await (url === undefined ? connectPglite() : connectPostgres(url))
  await giver.query('create table jobs (id serial primary key, state text not null)')
  let taken: () => void = () => {}
  await taker.listen((id) => {
    void taker.query("update jobs set state = 'taken' where id = $1", [id]).then(() => taken())
  })
  return {
    once: () =>
      new Promise((resolve, reject) => {
        taken = resolve
        const insert = "insert into jobs (state) values ('queued') returning id::text"
        giver.query(`with job as (${insert}) select pg_notify('jobs', id) from job`).catch(reject)
      }),
    async [Symbol.asyncDispose]() {
      await giver.close()
      if (taker !== giver) await taker.close()
    },
  }
}

async function connectPglite(): Promise<[Connection, Connection]> {
  const pglite = await PGlite.create()
  const connection: Connection = {
    query: (sql, params) => pglite.query(sql, params),
    listen: (heard) => pglite.listen('jobs', heard),
    close: () => pglite.close(),
  }
  return [connection, connection]
}

async function connectPostgres(url: string): Promise<[Connection, Connection]> {
  const connect = async (): Promise<Connection> => {
    const client = new Client({ connectionString: url })
    await client.connect()
    return {
      query: (sql, params) => client.query(sql, params),
      listen: (heard) => {
        client.on('notification', ({ payload }) => heard(payload ?? ''))
        return client.query('listen jobs')
      },
      close: () => client.end(),
    }
  }
  return [await connect(), await connect()]
}

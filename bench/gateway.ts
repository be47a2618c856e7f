import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createDatabase, postgresUrl } from '../test/support/database.ts'
import { createTempFolder } from '../test/support/temp-folder.ts'
import type { Measured, Place } from './gateway/client.ts'
import { portkeyVersion, startPortkey } from './gateway/portkey.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { median } from './rounds.ts'
import { postgresNote } from './stores.ts'

const streams = 50
/** The names of models say how many events they stream, and how many milliseconds apart. */
const works = {
  warm: 'bench-1-0',
  first: 'bench-5-5',
  paced: 'bench-100-20',
  burst: 'bench-10000-0',
  soak: 'bench-10-0',
}
const soakStreams = 10_000
const programs = {
  upstream: 'gateway/upstream.ts',
  client: 'gateway/client.ts',
  plain: 'gateway/plain-proxy.ts',
  ours: '../packages/runner/src/testing/gateway-sessions.ts',
}

/** What the gateway adds to an answer, against none, and against Portkey's on the same work. */
export async function measureGateway(): Promise<Section> {
  await using children = new AsyncDisposableStack()
  await using folder = await createTempFolder('bench-gateway')
  await using database = postgresUrl === undefined ? undefined : await createDatabase()
  const start = async <T>(name: keyof typeof programs, ...args: string[]) => {
    const child = fork(fileURLToPath(new URL(programs[name], import.meta.url)), args, {
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    })
    children.defer(() => void child.kill())
    if (name === 'client') return { child, told: undefined as T }
    return { child, told: JSON.parse(await firstLine(child)) as T }
  }
  const upstream = await start<{ port: number }>('upstream')
  const upstreamUrl = `http://127.0.0.1:${upstream.told.port}`
  const dataDir = join(folder.path, 'data')
  await mkdir(dataDir)
  const names = Object.values(works).join(',')
  const stores = database === undefined ? [] : [database.url]
  const ours = await start<Place[]>('ours', upstreamUrl, String(streams), names, dataDir, ...stores)
  const plain = await start<Place>('plain', upstreamUrl, join(folder.path, 'plain.sock'))
  const portkeyDir = join(folder.path, 'portkey')
  await mkdir(portkeyDir)
  const portkey = await startPortkey(portkeyDir, upstreamUrl)
  children.defer(() => void portkey.child.kill())
  const { child: client } = await start('client')

  const each = <T>(place: T): T[] => Array.from({ length: streams }, () => place)
  const contenders: Contender[] = [
    {
      name: 'direct',
      places: each({ port: upstream.told.port, path: '/v1/chat/completions' }),
    },
    { name: 'Errand', places: ours.told, child: ours.child },
    {
      name: 'a proxy that does nothing',
      places: each({ ...plain.told, path: '/v1/chat/completions' }),
      child: plain.child,
    },
    { name: `Portkey ${portkeyVersion}`, places: each(portkey.place), child: portkey.child },
  ]
  const results = await measureAll(client, contenders)
  const memory = await soak(client, contenders[1] as Contender)
  return present(results, memory, database !== undefined)
}

interface Contender {
  name: string
  places: Place[]
  child?: ChildProcess
}

interface Result {
  name: string
  firstMs: number
  pacedMs: number | undefined
  eventsPerSecond: number
  /** Processor time of the gateway for one event, in microseconds. */
  eventMicros: number | undefined
}

const rounds = 5
/** Requests before the first round: servers of models' answers run for weeks, and V8 learns for some thousands. */
const warmRequests = 2000
const paceMs = 20

/** In turns, so that whatever else the machine does falls on all of them alike. */
async function measureAll(client: ChildProcess, contenders: Contender[]): Promise<Result[]> {
  const all = contenders.map(() => ({
    first: [] as number[],
    paced: [] as number[],
    burst: [] as number[],
    micros: [] as number[],
  }))
  for (const { places } of contenders) {
    await ask(client, places.slice(0, 1), works.warm, warmRequests)
  }
  for (let round = 0; round <= rounds; round += 1) {
    for (const [index, { places, child }] of contenders.entries()) {
      const first = await ask(client, places.slice(0, 1), works.first, 100)
      const paced = await ask(client, places, works.paced, 1, paceMs)
      const before = await processorMs(child?.pid)
      const burst = await ask(client, places, works.burst, 1)
      const usedMs = (await processorMs(child?.pid)) - before
      // The first warms caches.
      if (round === 0) continue
      all[index]?.first.push(median(first.firstByteMs))
      all[index]?.paced.push(median(paced.firstByteMs))
      all[index]?.burst.push(burst.events / burst.seconds)
      all[index]?.micros.push((usedMs * 1000) / burst.events)
    }
  }
  return all.map(({ first, paced, burst, micros }, index) => ({
    name: contenders[index]?.name ?? '',
    firstMs: median(first),
    pacedMs: median(paced),
    eventsPerSecond: median(burst),
    eventMicros: contenders[index]?.child === undefined ? undefined : median(micros),
  }))
}

/** Resident memory in MB, after a tenth of the streams and after all of them. */
async function soak(client: ChildProcess, { places, child }: Contender): Promise<[number, number]> {
  const memory = [0.1, 0.9].map((share) => async () => {
    await ask(client, places, works.soak, Math.round((soakStreams * share) / places.length))
    return await residentMb(child?.pid)
  })
  const [early, late] = memory as [() => Promise<number>, () => Promise<number>]
  return [await early(), await late()]
}

async function residentMb(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024
}

/** What a process has used so far; the kernel counts in hundredths of a second. */
async function processorMs(pid: number | undefined): Promise<number> {
  if (pid === undefined) return 0
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  // Past the name, which may have spaces, `utime` and `stime` are the twelfth and thirteenth (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return 10 * (Number(fields[11]) + Number(fields[12]))
}

async function ask(
  client: ChildProcess,
  places: Place[],
  model: string,
  times: number,
  staggerMs = 0,
): Promise<Measured> {
  client.send({ places, model, rounds: times, staggerMs })
  const [told] = (await once(client, 'message')) as [Measured | { error: string }]
  if ('error' in told) throw new Error(told.error)
  return told
}

async function firstLine(child: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk)
    if (text.includes('\n')) break
  }
  return text
}

function present(results: Result[], [early, late]: [number, number], isPostgres: boolean): Section {
  const [direct] = results as [Result]
  const rows = results.map(({ name, firstMs, pacedMs, eventsPerSecond, eventMicros }) => [
    name,
    added(firstMs, direct.firstMs, name),
    pacedMs === undefined ? '-' : added(pacedMs, direct.pacedMs ?? 0, name),
    Math.round(eventsPerSecond).toLocaleString('en-US'),
    formatRatio(eventsPerSecond / direct.eventsPerSecond),
    eventMicros === undefined ? '-' : `${eventMicros.toFixed(1)} µs`,
  ])
  const [, ours, , peer] = results as [Result, Result, Result, Result]
  return {
    name: 'gateway',
    title: 'The model gateway',
    text: `What stands between an agent and its model adds to each answer: a streamed Chat Completion of a scripted server, asked with 20 kB, direct, through the gateway of Errand and through @portkey-ai/gateway, a process each for client, gateway and server. Time to the first byte is the median of ${rounds} rounds in turns, one request after the other on one stream (100 of 5 events, 5 ms apart, after ${warmRequests.toLocaleString('en-US')} of one), and of ${streams} streams that begin ${paceMs} ms after each other, at ${paceMs} ms an event (100 events). Events a second are of ${streams} streams at once of 10,000 events each, as fast as they come, and the processor time is what the gateway took for one of them: on a machine that does other things too it says more than the rates. The client only counts bytes; it and the server are node:http, as is what an agent uses; the gateway asks by undici. Beside it a proxy of these two that reads, counts and stores nothing: what is above that is Errand's own. Errand has ${streams} sessions of one owner at work, each with a gateway on its own socket, and stores what each request may cost and has cost${isPostgres ? ' in PostgreSQL' : ' in PGlite'}; Portkey stores nothing, is patched so that it streams at all, and its pace is the server's too, as its request keeps the model's name. Errand passes ${formatRatio(ours.eventsPerSecond / peer.eventsPerSecond)} as many events as Portkey. Its memory: ${Math.round(early)} MB after ${(soakStreams / 10).toLocaleString('en-US')} further streams, ${Math.round(late)} MB after ${soakStreams.toLocaleString('en-US')}. The forwarder in the box is not part of it. ${isPostgres ? postgresNote : ''}`.trim(),
    header: [
      'through',
      'first byte, 1 stream',
      `first byte, ${streams} streams paced`,
      'events a second',
      'against direct',
      'processor time an event',
    ],
    rows,
  }
}

function added(ms: number, directMs: number, name: string): string {
  return name === 'direct'
    ? formatMs(ms)
    : `${formatMs(ms)} (+${formatMs(Math.max(0, ms - directMs))})`
}

import { Agent, request } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'

// Asks a model over and over, and tells how long the first byte took and how many events came.

/** Where one stream goes: a port or a socket, and the path of Chat Completions there. */
export interface Place {
  port?: number
  socketPath?: string
  path: string
  headers?: Record<string, string>
}

interface Work {
  /** One for each stream that runs at a time. */
  places: Place[]
  model: string
  /** Requests of each stream, one after the other. */
  rounds: number
  /** How long after the one before each stream begins. */
  staggerMs: number
}

export interface Measured {
  firstByteMs: number[]
  events: number
  /** From the first request to the last byte. */
  seconds: number
}

const agent = new Agent({ keepAlive: true, noDelay: true })
/** No event is shorter; that all have come is checked by the bytes, as to count events would take longer than to pass them. */
const leastEventBytes = 150
const prompt = 'x'.repeat(20_000)

interface Answer {
  firstByteMs: number
  bytes: number
}

function ask(place: Place, model: string): Promise<Answer> {
  const body = JSON.stringify({
    model,
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: prompt }],
  })
  return new Promise((resolve, reject) => {
    const start = performance.now()
    const { headers, ...where } = place
    const sent = request({
      host: '127.0.0.1',
      ...where,
      agent,
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer bench',
        ...headers,
        'content-length': Buffer.byteLength(body),
      },
    })
    sent.once('error', reject)
    sent.once('response', (response) => {
      let firstByteMs = Number.NaN
      let bytes = 0
      response.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - start
        bytes += chunk.length
      })
      response.once('error', reject)
      response.once('end', () => {
        if (response.statusCode !== 200) reject(new Error(`status ${response.statusCode}`))
        else resolve({ firstByteMs, bytes })
      })
    })
    sent.end(body)
  })
}

async function run({ places, model, rounds, staggerMs }: Work): Promise<Measured> {
  const firstByteMs: number[] = []
  let events = 0
  const start = performance.now()
  await Promise.all(
    places.map(async (place, index) => {
      if (staggerMs > 0) await delay(index * staggerMs)
      for (let round = 0; round < rounds; round += 1) {
        const answer = await ask(place, model)
        firstByteMs.push(answer.firstByteMs)
        const expected = Number(model.split('-')[1])
        if (answer.bytes < expected * leastEventBytes) throw new Error('events are missing')
        events += expected
      }
    }),
  )
  return { firstByteMs, events, seconds: (performance.now() - start) / 1000 }
}

process.on('message', (work: Work) => {
  run(work).then(
    (measured) => process.send?.(measured),
    (error: unknown) => process.send?.({ error: String(error) }),
  )
})

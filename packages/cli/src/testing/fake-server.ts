import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface Asked {
  method: string
  path: string
  token: string | undefined
  body: unknown
}

/**
 * `GET /path` to an answer, or to what makes one when it is asked for. A string is sent as it is, a
 * number is a status without more. A page of a list has a link to the next one where that has an answer too.
 */
export type Answers = Record<string, unknown>

export interface FakeServer extends AsyncDisposable {
  url: string
  asked: Asked[]
}

/** A server that knows what it was told to answer, and remembers what it was asked. */
export async function openFakeServer(answers: Answers): Promise<FakeServer> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    void record(request).then((entry) => {
      asked.push(entry)
      const path = entry.path.split('?', 1)[0]
      const known = answers[`${entry.method} ${entry.path}`] ?? answers[`${entry.method} ${path}`]
      const answer: unknown = (typeof known === 'function' ? known() : known) ?? 404
      if (typeof answer === 'number') {
        response.writeHead(answer).end(JSON.stringify({ message: `Status ${answer}` }))
      } else {
        const next = entry.path.replace(/(?<=[?&]page=)\d+/, (page) => String(Number(page) + 1))
        const hasNext = next !== entry.path && `${entry.method} ${next}` in answers
        const link = hasNext ? { link: `<${next}>; rel="next"` } : {}
        response.writeHead(entry.method === 'POST' ? 201 : 200, link)
        response.end(typeof answer === 'string' ? answer : JSON.stringify(answer))
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function record(request: IncomingMessage): Promise<Asked> {
  const body = await text(request)
  const isForm = request.headers['content-type']?.includes('form') === true
  return {
    method: request.method ?? '',
    path: request.url ?? '',
    token: request.headers.authorization?.replace('Bearer ', ''),
    body: body === '' ? undefined : isForm ? body : (JSON.parse(body) as unknown),
  }
}

import { expect, it } from 'vitest'
import { readServerSentEvents } from './server-sent-events.ts'

async function read(...chunks: (string | Uint8Array)[]): Promise<unknown[]> {
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) {
      yield typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk
    }
  }
  const events: unknown[] = []
  for await (const event of readServerSentEvents(body())) events.push(event)
  return events
}

it.each([
  ['one event', ['id: 7\ndata: {"a":1}\n\n'], [{ id: '7', data: '{"a":1}' }]],
  ['CRLF', ['id: 7\r\ndata: x\r\n\r\n'], [{ id: '7', data: 'x' }]],
  ['lines cut anywhere', ['i', 'd: 7\nda', 'ta: x', '\n', '\n'], [{ id: '7', data: 'x' }]],
  ['several data lines', ['data: a\ndata: b\n\n'], [{ id: undefined, data: 'a\nb' }]],
  ['keep-alive comments', [': ping\n\n', 'data: x\n\n'], [{ id: undefined, data: 'x' }]],
  [
    'an id that stays',
    ['id: 1\ndata: a\n\ndata: b\n\n'],
    [
      { id: '1', data: 'a' },
      { id: '1', data: 'b' },
    ],
  ],
  ['a last event cut off', ['data: a\n\ndata: b\n'], [{ id: undefined, data: 'a' }]],
])('reads %s', async (_, chunks, events) => {
  expect(await read(...chunks)).toEqual(events)
})

it('joins a character that was cut between two chunks', async () => {
  const bytes = new TextEncoder().encode('data: ü\n\n')

  expect(await read(bytes.slice(0, 7), bytes.slice(7))).toEqual([{ id: undefined, data: 'ü' }])
})

import { createServer, type ServerResponse } from 'node:http'
import { buffer } from 'node:stream/consumers'

// A model that streams Chat Completions: its name says how many events, and how many milliseconds apart.

const text = 'x'.repeat(60)
const event = `data: ${JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'bench',
  choices: [{ index: 0, delta: { content: text }, finish_reason: null }],
})}\n\n`
const end = `data: ${JSON.stringify({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'bench',
  choices: [],
  usage: { prompt_tokens: 100, completion_tokens: 100, total_tokens: 200 },
})}\n\ndata: [DONE]\n\n`

function stream(response: ServerResponse, left: number, everyMs: number): void {
  if (response.destroyed) return
  if (left === 0) {
    response.end(end)
    return
  }
  if (everyMs > 0) {
    response.write(event)
    setTimeout(() => stream(response, left - 1, everyMs), everyMs)
    return
  }
  let rest = left
  for (let isRoom = true; isRoom && rest > 0; rest -= 1) isRoom = response.write(event)
  if (rest === 0) response.end(end)
  else response.once('drain', () => stream(response, rest, everyMs))
}

const server = createServer((request, response) => {
  void buffer(request).then((body) => {
    const { model } = JSON.parse(body.toString()) as { model: string }
    const [, events = 0, everyMs = 0] = model.split('-').map(Number)
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    stream(response, events, everyMs)
  })
})
// Whoever asks keeps its connections through pauses of any length.
server.keepAliveTimeout = 0
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address())))

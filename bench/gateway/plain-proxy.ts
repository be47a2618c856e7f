import { createServer, type ServerResponse } from 'node:http'
import { Agent, type Dispatcher } from 'undici'

// A proxy that looks into nothing, counts nothing and stores nothing: what the two further connections cost by
// themselves. Written for speed, as what is above it is said to be the gateway's own.

const [upstreamUrl = '', socketPath = ''] = process.argv.slice(2)
const upstream = new Agent()

function passTo(response: ServerResponse): Dispatcher.DispatchHandler {
  return {
    onRequestStart: () => undefined,
    onResponseStart: (_, status, headers) => {
      response.writeHead(status, { 'content-type': String(headers['content-type']) })
    },
    onResponseData: (controller, chunk) => {
      if (response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd: () => response.end(),
    onResponseError: () => response.destroy(),
  }
}

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.once('end', () => {
    const body = Buffer.concat(chunks)
    const headers = { 'content-type': 'application/json', 'content-length': String(body.length) }
    const call = { origin: upstreamUrl, path: request.url ?? '', headers, body }
    upstream.dispatch({ ...call, method: 'POST' }, passTo(response))
  })
})
// Whoever asks keeps its connections through pauses of any length.
server.keepAliveTimeout = 0
server.listen(socketPath, () => console.log(JSON.stringify({ socketPath })))

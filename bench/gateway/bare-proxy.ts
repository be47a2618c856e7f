import { createServer } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { Agent } from 'undici'

// What any proxy of Node's costs: it reads a request, sends it on, and passes the answer. It knows, counts and checks nothing.

const [upstreamUrl = '', socketPath = ''] = process.argv.slice(2)
const upstream = new Agent()

const server = createServer((request, response) => {
  void buffer(request).then((body) => {
    upstream.dispatch(
      {
        origin: upstreamUrl,
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-length': String(body.length) },
        body,
      },
      {
        onRequestStart: () => undefined,
        onResponseStart: (_, status) =>
          void response.writeHead(status, { 'content-type': 'text/event-stream' }),
        onResponseData: (_, chunk) => void response.write(chunk),
        onResponseEnd: () => void response.end(),
        onResponseError: () => void response.destroy(),
      },
    )
  })
})
server.listen(socketPath, () => console.log('{}'))

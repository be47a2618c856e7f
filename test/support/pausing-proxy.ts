import {
  createServer,
  type IncomingMessage,
  request as sendRequest,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

/** Where a request is held: before it reaches the server, or after the server has answered. */
export type HoldPoint = 'before' | 'after'

export interface Held {
  method: string
  path: string
}

export interface PausingProxy extends AsyncDisposable {
  url: string
  /** Holds the next request that fits, for good; resolves when it is held. */
  hold(point: HoldPoint, method: string, path: RegExp): Promise<Held>
}

interface Trap {
  point: HoldPoint
  method: string
  path: RegExp
  sprung: (held: Held) => void
}

/**
 * Stands between a runner and its forge and holds one request, so that a test can kill the runner in
 * the very moment between two effects. What it held stays unanswered, as for a client that is gone.
 */
export async function startPausingProxy(target: () => string): Promise<PausingProxy> {
  const traps: Trap[] = []

  function takeTrap(point: HoldPoint, request: IncomingMessage): Trap | undefined {
    const { method, url = '' } = request
    const index = traps.findIndex(
      (trap) => trap.point === point && trap.method === method && trap.path.test(url),
    )
    return index === -1 ? undefined : traps.splice(index, 1)[0]
  }

  function spring(trap: Trap, request: IncomingMessage): void {
    trap.sprung({ method: trap.method, path: request.url ?? '' })
  }

  function pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const held = takeTrap('before', incoming)
    if (held !== undefined) return spring(held, incoming)
    const { method, headers, url } = incoming
    const options = { ...(method !== undefined && { method }), headers }
    const passedOn = sendRequest(`${target()}${url}`, options, (answer) => {
      const late = takeTrap('after', incoming)
      if (late !== undefined) {
        // The server has done its part to the end before anybody hears of it.
        answer.resume().once('end', () => spring(late, incoming))
        return
      }
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    passedOn.on('error', () => outgoing.destroy())
    incoming.pipe(passedOn)
  }

  const server = createServer(pass)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (point, method, path) =>
      new Promise((sprung) => traps.push({ point, method, path, sprung })),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

import type { Socket } from 'node:net'

import { readBytes } from './read-bytes.ts'

/** The ports of a sandbox's own network, by the connections that wait to be asked for one. */
export interface PortsInside {
  /** Takes a connection that waits. Whoever made it: in the sandbox, anybody can. */
  add(waiting: Socket): void
  /**
   * A connection to a port of localhost in there. What it says is the sandbox's word.
   *
   * @returns undefined where nothing listens, or nobody answers
   */
  connect(port: number): Promise<Socket | undefined>
}

/** One waits at a time, and a sandbox that makes more only makes them for itself. */
const mostWaiting = 16
/** For a port to be reached, all of it. */
const patienceMs = 10_000
const isThere = '+'.charCodeAt(0)

/** See `box/inside/way-in.ts`, which is at the other end. */
export function createPortsInside(): PortsInside {
  const waiting = new Map<Socket, () => void>()
  const askers: ((socket: Socket) => void)[] = []

  /** Whoever speaks before it was asked, or ends, waits no more. */
  function wait(socket: Socket): void {
    const drop = (): void => {
      leave(socket)
      socket.destroy()
    }
    waiting.set(socket, drop)
    socket.on('readable', drop)
  }
  function leave(socket: Socket): void {
    const drop = waiting.get(socket)
    if (drop !== undefined) socket.off('readable', drop)
    waiting.delete(socket)
  }
  function next(signal: AbortSignal): Promise<Socket | undefined> {
    const [first] = waiting.keys()
    if (first !== undefined) {
      leave(first)
      return Promise.resolve(first)
    }
    return new Promise((resolve) => {
      const ask = (socket: Socket): void => {
        signal.removeEventListener('abort', giveUp)
        resolve(socket)
      }
      const giveUp = (): void => {
        askers.splice(askers.indexOf(ask), 1)
        resolve(undefined)
      }
      signal.addEventListener('abort', giveUp)
      askers.push(ask)
    })
  }
  return {
    add(socket) {
      const asker = askers.shift()
      if (asker !== undefined) asker(socket)
      else if (waiting.size >= mostWaiting) socket.destroy()
      else wait(socket)
    },
    async connect(port) {
      const signal = AbortSignal.timeout(patienceMs)
      for (;;) {
        const socket = await next(signal)
        if (socket === undefined) return undefined
        socket.write(`${JSON.stringify({ port })}\n`)
        const answer = await readBytes(socket, 1, signal)
        if (answer?.[0] === isThere) return socket
        socket.destroy()
        if (answer !== undefined || signal.aborted) return undefined
      }
    },
  }
}

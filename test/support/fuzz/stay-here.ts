import { isIP, Socket } from 'node:net'

/**
 * Lets this process connect to nothing but this machine: what is fuzzed is told of addresses that were made
 * up, and nobody else is to be asked for it.
 */
export function stayHere(): void {
  // Called for the socket below.
  // oxlint-disable-next-line typescript/unbound-method
  const connect: (...args: never[]) => Socket = Socket.prototype.connect
  function connectHere(this: Socket, ...args: unknown[]): Socket {
    if (!leadsAway(args)) return Reflect.apply(connect, this, args)
    process.nextTick(() => this.destroy(Object.assign(new Error('off'), { code: 'ENETUNREACH' })))
    return this
  }
  Socket.prototype.connect = connectHere as typeof Socket.prototype.connect
}

function leadsAway(args: readonly unknown[]): boolean {
  // Node hands its own calls on as one array.
  const first: unknown = Array.isArray(args[0]) ? args[0][0] : args[0]
  const host = typeof first === 'object' && first !== null && 'host' in first ? first.host : args[1]
  if (typeof host !== 'string' || host === 'localhost') return false
  return isIP(host) === 0 || !/^(127\.|::1$|::ffff:127\.)/.test(host)
}

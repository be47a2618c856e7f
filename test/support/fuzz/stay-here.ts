import { isIP, Socket } from 'node:net'

/**
 * Lets this process connect to nothing but this machine: what is fuzzed is told of addresses that were made
 * up, and nobody else is to be asked for it.
 */
export function stayHere(): void {
  // Called for the socket below.
  // oxlint-disable-next-line typescript/unbound-method
  const { connect } = Socket.prototype
  function connectHere(this: Socket, ...args: unknown[]): Socket {
    if (!leadsAway(args)) return Reflect.apply(connect, this, args) as Socket
    process.nextTick(() => this.destroy(Object.assign(new Error('off'), { code: 'ENETUNREACH' })))
    return this
  }
  Object.assign(Socket.prototype, { connect: connectHere })
}

function leadsAway(args: readonly unknown[]): boolean {
  // Node hands its own calls on as one array.
  const given: unknown = args[0]
  const first: unknown = Array.isArray(given) ? given[0] : given
  const host = typeof first === 'object' && first !== null && 'host' in first ? first.host : args[1]
  if (typeof host !== 'string' || host === 'localhost') return false
  return isIP(host) === 0 || !/^(127\.|::1$|::ffff:127\.)/.test(host)
}

import { ErrandError } from '@errand/contract'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** How much may be held of bodies that nobody has vouched for yet. */
export interface BodyRoom {
  mostBytes: number
  /** Of one sender, so that it takes several to fill the room. */
  mostBytesEach: number
  /** A body that takes longer to arrive is cut off: a slow sender would hold its place for ever. */
  mostMs: number
}

/** @throws ErrandError secondary_rate_limited where the body has no room now */
export type AdmitBody = (sender: string, request: FastifyRequest, reply: FastifyReply) => void

/**
 * Admits bodies by the length they declare, which Node lets none exceed, or as the longest where they declare none.
 * The room is free again when the answer is sent, or the sender is gone.
 *
 * @param longestBytes a longer body is refused elsewhere, before it is read
 */
export function createBodyRoom(
  { mostBytes, mostBytesEach, mostMs }: BodyRoom,
  longestBytes: number,
): AdmitBody {
  const heldOf = new Map<string, number>()
  let held = 0

  function hold(sender: string, bytes: number): void {
    held += bytes
    const now = (heldOf.get(sender) ?? 0) + bytes
    if (now === 0) heldOf.delete(sender)
    else heldOf.set(sender, now)
  }

  return (sender, request, reply) => {
    const declared = Number(request.headers['content-length'] ?? longestBytes)
    const bytes = Math.min(declared, longestBytes)
    if (held + bytes > mostBytes || (heldOf.get(sender) ?? 0) + bytes > mostBytesEach) {
      // The rest of the body is not waited for either.
      const headers = { 'retry-after': '1', connection: 'close' }
      throw new ErrandError('secondary_rate_limited', { headers })
    }
    hold(sender, bytes)
    const late = setTimeout(() => request.raw.destroy(), mostMs)
    request.raw.once('end', () => clearTimeout(late))
    // Comes after each answer, and also where there is none.
    reply.raw.once('close', () => {
      clearTimeout(late)
      hold(sender, -bytes)
    })
  }
}

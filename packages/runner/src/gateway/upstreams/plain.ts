import type { OutgoingHttpHeaders } from 'node:http'

import type { Upstream } from '@errand/contract'

import { headersForUpstream } from '../request/headers.ts'
import { replaceMember } from '../request/json-members.ts'
import { type Address, addressBelow } from './address.ts'
import type { SignCall, UnsignedCall } from './upstream-kind.ts'

/** The provider's own API, or any that speaks the same wire: with the key in the header of the wire. */
export const signPlain: SignCall = (call) => ({
  ...addressOfCall(call),
  headers: { ...headersForUpstream(call.headers), ...credentialOf(call.upstream, call.key) },
  body: bodyOf(call),
  secrets: call.key === undefined ? [] : [call.key],
})

export function addressOfCall({ upstream, route, name }: UnsignedCall): Address {
  // Where the body names it, the path does not.
  const path =
    route.model === undefined ? route.path : route.path.replace('{model}', encodeURIComponent(name))
  return addressBelow(upstream, path + route.search)
}

/** With the upstream's name of the model in place of the agent's; Gemini's stands in the path. */
export function bodyOf({ route, name, text, bytes }: UnsignedCall): Buffer {
  if (route.model !== undefined) return bytes
  const named = replaceMember(text, 'model', JSON.stringify(name))
  return named === text ? bytes : Buffer.from(named)
}

function credentialOf({ wire }: Upstream, key: string | undefined): OutgoingHttpHeaders {
  if (key === undefined) return {}
  if (wire === 'anthropic') return { 'x-api-key': key }
  if (wire === 'gemini') return { 'x-goog-api-key': key }
  return { authorization: `Bearer ${key}` }
}

import { headersForUpstream } from '../request/headers.ts'
import { addMember, removeMember } from '../request/json-members.ts'
import { type Address, addressBelow } from './address.ts'
import { googleToken } from './google-credentials.ts'
import type { SignCall, UnsignedCall } from './upstream-kind.ts'

/** What Vertex wants in the body in place of a header: https://docs.claude.com/en/api/claude-on-vertex-ai */
const anthropicVersion = 'vertex-2023-10-16'

/**
 * Google's Vertex AI: the base URL ends in the location of a project, the key is an access token; where the
 * settings name none, that of the application default credentials. Models of Anthropic are named in the path,
 * and asked by `rawPredict`; Gemini's own as on its own API.
 */
export const signVertex: SignCall = async (call) => {
  const { upstream, headers } = call
  const token = call.key ?? (await googleToken())
  const { 'anthropic-version': _, ...others } = headersForUpstream(headers)
  const isAnthropic = upstream.wire === 'anthropic'
  return {
    ...addressOfCall(call),
    headers: { ...others, authorization: `Bearer ${token}` },
    body: isAnthropic ? Buffer.from(bodyForAnthropic(call)) : call.bytes,
    secrets: [token],
  }
}

function addressOfCall({ upstream, route, name, isStreamed }: UnsignedCall): Address {
  // `@` stands before the date of a version, and does as it is.
  const model = encodeURIComponent(name).replaceAll('%40', '@')
  if (upstream.wire !== 'anthropic') {
    const path = route.path.replace('{model}', model)
    return addressBelow(upstream, `/publishers/google${path}${route.search}`)
  }
  if (route.api === undefined) {
    return addressBelow(upstream, '/publishers/anthropic/models/count-tokens:rawPredict')
  }
  const operation = isStreamed ? 'streamRawPredict' : 'rawPredict'
  return addressBelow(upstream, `/publishers/anthropic/models/${model}:${operation}`)
}

/** Tokens are counted by a model of that name, which takes the other's name in the body. */
function bodyForAnthropic({ route, text, name }: UnsignedCall): string {
  const unnamed = removeMember(removeMember(text, 'model'), 'anthropic_version')
  const versioned = addMember(unnamed, 'anthropic_version', JSON.stringify(anthropicVersion))
  return route.api === undefined ? addMember(versioned, 'model', JSON.stringify(name)) : versioned
}

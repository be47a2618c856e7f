import { headersForUpstream } from '../request/headers.ts'
import { type Address, addressOf } from './address.ts'
import { addressOfCall, bodyOf } from './plain.ts'
import type { SignCall, UnsignedCall } from './upstream-kind.ts'

/**
 * Azure OpenAI: a key in `api-key`, or a token of Microsoft Entra. Names of models are those of deployments;
 * with an `api_version` they stand in the path.
 * https://learn.microsoft.com/azure/ai-foundry/openai/reference
 */
export const signAzure: SignCall = (call) => {
  const { upstream, key } = call
  const credential =
    upstream.credential === 'token' ? { authorization: `Bearer ${key}` } : { 'api-key': key }
  return {
    ...(upstream.api_version === undefined ? addressOfCall(call) : addressOfDeployment(call)),
    headers: { ...headersForUpstream(call.headers), ...(key === undefined ? {} : credential) },
    body: bodyOf(call),
    secrets: key === undefined ? [] : [key],
  }
}

function addressOfDeployment(call: UnsignedCall): Address {
  const { upstream, route, name } = call
  // Responses have no path of a deployment: there the body alone names it.
  const folder = route.api === 'responses' ? '' : `/deployments/${encodeURIComponent(name)}`
  const url = new URL(`${upstream.base_url.replace(/\/+$/, '')}${folder}${route.path}`)
  url.search = route.search
  url.searchParams.set('api-version', upstream.api_version ?? '')
  return addressOf(url)
}

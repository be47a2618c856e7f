import type { OutgoingHttpHeaders } from 'node:http'

import { Sha256 } from '@aws-crypto/sha256-js'
import { regionOfBedrock } from '@errand/contract'
import { SignatureV4 } from '@smithy/signature-v4'

import { headersForUpstream } from '../request/headers.ts'
import { addMember, removeMember } from '../request/json-members.ts'
import { addressOf } from './address.ts'
import { type AwsCredentials, awsCredentials } from './aws-credentials.ts'
import { countOfBedrock, eventsOfBedrock } from './bedrock-answer.ts'
import type { SignCall, SignedCall, UnsignedCall } from './upstream-kind.ts'

/** What Bedrock wants in the body in place of a header. */
const anthropicVersion = 'bedrock-2023-05-31'

/**
 * Amazon Bedrock, for models of Anthropic: asked by `InvokeModel` and `InvokeModelWithResponseStream`, with a key
 * of Bedrock's own where the settings name one, else signed with the credentials of AWS that the runner has.
 * https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html
 */
export const signBedrock: SignCall = async (call) => {
  const { key, route } = call
  const url = urlOf(call)
  const body = Buffer.from(route.api === undefined ? bodyOfCount(call) : bodyOf(call))
  const headers: OutgoingHttpHeaders = {
    ...acceptedBy(call),
    'content-type': 'application/json',
    accept: '*/*',
  }
  const reframe: SignedCall['reframe'] = (contentType) => {
    if (route.api === undefined) return countOfBedrock()
    if (contentType?.startsWith('application/vnd.amazon.eventstream') !== true) return undefined
    return eventsOfBedrock()
  }
  if (key !== undefined) {
    const signed = { ...headers, authorization: `Bearer ${key}` }
    return { ...addressOf(url), headers: signed, body, secrets: [key], reframe }
  }
  const credentials = await awsCredentials()
  const { secretAccessKey, sessionToken } = credentials
  return {
    ...addressOf(url),
    headers: { ...headers, ...(await signatureOf(call, credentials, { url, body })) },
    body,
    secrets: sessionToken === undefined ? [secretAccessKey] : [secretAccessKey, sessionToken],
    reframe,
  }
}

/** What it wants of Anthropic's own headers stands in the body. */
function acceptedBy({ headers }: UnsignedCall): OutgoingHttpHeaders {
  const {
    'anthropic-version': _version,
    'anthropic-beta': _beta,
    ...others
  } = headersForUpstream(headers)
  return others
}

function urlOf({ upstream, name, route, isStreamed }: UnsignedCall): URL {
  const invoke = isStreamed ? 'invoke-with-response-stream' : 'invoke'
  const operation = route.api === undefined ? 'count-tokens' : invoke
  const base = upstream.base_url.replace(/\/+$/, '')
  return new URL(`${base}/model/${encodeURIComponent(name)}/${operation}`)
}

function bodyOf({ text, headers }: UnsignedCall): string {
  const bare = ['model', 'stream', 'anthropic_version'].reduce(removeMember, text)
  const versioned = addMember(bare, 'anthropic_version', JSON.stringify(anthropicVersion))
  const asked = headers['anthropic-beta']
  if (asked === undefined) return versioned
  const features = String(asked)
    .split(',')
    .map((feature) => feature.trim())
  return addMember(
    removeMember(versioned, 'anthropic_beta'),
    'anthropic_beta',
    JSON.stringify(features),
  )
}

/** It counts a request as it would be sent, and such a request has a limit. */
function bodyOfCount(call: UnsignedCall): string {
  const body = addMember(removeMember(bodyOf(call), 'max_tokens'), 'max_tokens', '1')
  const encoded = Buffer.from(body).toString('base64')
  return JSON.stringify({ input: { invokeModel: { body: encoded } } })
}

/**
 * Of the host and of what is signed by itself alone: proxies may change the other headers.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
async function signatureOf(
  { upstream }: UnsignedCall,
  credentials: AwsCredentials,
  { url, body }: { url: URL; body: Buffer },
): Promise<OutgoingHttpHeaders> {
  const signer = new SignatureV4({
    credentials,
    // Settings without one are refused (`errand doctor`, and the start).
    region: regionOfBedrock(upstream) ?? '',
    service: 'bedrock',
    sha256: Sha256,
  })
  const signed = await signer.sign({
    method: 'POST',
    protocol: url.protocol,
    hostname: url.hostname,
    path: url.pathname,
    query: {},
    headers: { host: url.host },
    body,
  })
  const { host: _, ...headers } = signed.headers
  return headers
}

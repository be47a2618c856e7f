import type { DeviceAnswer, DeviceLogin } from '@errand/contract'
import { ErrandError } from '@errand/contract'
import formbody from '@fastify/formbody'
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerContext } from '../context.ts'
import { createRateWindows } from '../conventions/rate-windows.ts'

/** Codes an address may ask for in a minute: nobody has more devices at hand. */
const mostPerMinute = 20
const minuteMs = 60_000
const bodyLimit = 16 * 1024

/** What GitHub says of each, and its documentation has. */
const descriptions: Record<string, string> = {
  authorization_pending: 'The authorization request is still pending.',
  slow_down: 'Too many requests have been made in the same timeframe.',
  expired_token: 'The device code has expired.',
  access_denied: 'The authorization request was denied.',
  incorrect_device_code: 'The device_code provided is not valid.',
  incorrect_client_credentials: 'The client_id passed is incorrect.',
  unsupported_grant_type: 'The grant_type must be urn:ietf:params:oauth:grant-type:device_code.',
}

const documentationUrl =
  'https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps#error-codes-for-the-device-flow'

const grantType = 'urn:ietf:params:oauth:grant-type:device_code'

/**
 * The device's side of signing it in, where GitHub has it: `POST /login/device/code` and
 * `POST /login/oauth/access_token`. Both take forms and JSON, and answer with a form unless JSON is
 * asked for; what goes wrong is told with status 200, as GitHub does.
 */
export function deviceRoutes(context: ServerContext, deviceLogin: DeviceLogin): FastifyPluginAsync {
  return async (app) => {
    await app.register(formbody, { bodyLimit })
    // Of anything else nothing is read: the fields may be in the query.
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, _body, done) =>
      done(null, undefined),
    )
    const begun = createRateWindows('device', minuteMs, Date.now)

    app.post('/login/device/code', async (request, reply) => {
      if (begun.add(request.ip, 1).used > mostPerMinute) {
        throw new ErrandError('secondary_rate_limited', { headers: { 'retry-after': '60' } })
      }
      const { client_id: clientId = '', scope = '' } = readFields(request)
      const scopes = scope.split(/[\s,]+/).filter((name) => name !== '')
      const code = await deviceLogin.begin({ clientId, scopes, address: request.ip })
      if (code === undefined) return send(request, reply.code(404), { error: 'Not Found' })
      const verification_uri = `${context.publicUrl()}/login/device`
      return send(request, reply, { ...code, verification_uri })
    })

    app.post('/login/oauth/access_token', async (request, reply) => {
      const fields = readFields(request)
      if (fields['grant_type'] !== grantType) {
        return send(request, reply, explained({ error: 'unsupported_grant_type' }))
      }
      const { device_code: deviceCode = '', client_id: clientId = '' } = fields
      const answer = await deviceLogin.poll(deviceCode, clientId)
      return send(request, reply, 'error' in answer ? explained(answer) : answer)
    })
  }
}

function explained(answer: Extract<DeviceAnswer, { error: string }> | { error: string }) {
  return {
    ...answer,
    error_description: descriptions[answer.error] ?? answer.error,
    error_uri: documentationUrl,
  }
}

/** From the body, of whichever form, and the query; a field sent twice is none. */
function readFields(request: FastifyRequest): Record<string, string | undefined> {
  const { query, body } = request
  const fields = { ...objectOf(query), ...objectOf(body) }
  return Object.fromEntries(
    Object.entries(fields).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  )
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}

function send(request: FastifyRequest, reply: FastifyReply, answer: object): FastifyReply {
  void reply.header('cache-control', 'no-store')
  if (request.headers.accept?.includes('json') === true) return reply.send(answer)
  const fields = Object.fromEntries(
    Object.entries(answer).map(([name, value]) => [name, String(value)]),
  )
  return reply
    .type('application/x-www-form-urlencoded; charset=utf-8')
    .send(new URLSearchParams(fields).toString())
}

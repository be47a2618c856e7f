import type { PortSettings } from '@errand/contract'
import { acceptRun } from '@errand/core'
import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../../context.ts'
import { bytesOf, parseObject } from '../raw-body.ts'
import { requireSecret } from '../secrets.ts'
import { requirePortSignature } from '../signature.ts'
import { createPortClient } from './client.ts'
import { portal, startReporter } from './reporter.ts'
import { hashOf, parsePortRequest, targetsOf } from './request.ts'

/**
 * `POST /integrations/port/actions`: a run of a self-service action. It is stored and accepted; what
 * becomes of it, also that it cannot be done, is told by Port's API.
 */
export function portRoutes(context: ServerContext, settings: PortSettings): FastifyPluginAsync {
  const secretOf = (key: keyof PortSettings, name: string) =>
    requireSecret(context, `integrations.port.${key}`, name)
  const clientSecret = secretOf('client_secret_env', settings.client_secret_env)
  const signingSecret =
    settings.secret_env === undefined ? clientSecret : secretOf('secret_env', settings.secret_env)
  const client = createPortClient({
    baseUrl: settings.base_url,
    clientId: secretOf('client_id_env', settings.client_id_env),
    clientSecret,
  })
  const token = secretOf('token_env', settings.token_env)

  return async (app) => {
    const reporter = startReporter(context, { client, token })
    app.addHook('onClose', () => reporter.close())
    app.post('/integrations/port/actions', async (incoming, reply) => {
      const body = bytesOf(incoming.body)
      requirePortSignature({ headers: incoming.headers, body }, signingSecret)
      const request = parsePortRequest(parseObject(body))
      const { run_id, requested_by } = request
      const { replayed } = await acceptRun(context.store, {
        portal,
        run_id,
        request,
        request_hash: hashOf(request),
        ...(requested_by === undefined ? {} : { requested_by }),
        targets: targetsOf(request),
      })
      context.log.info({ run_id, action: request.action, replayed }, 'a run of Port was accepted')
      reporter.wake()
      return reply.code(202).send({ run_id, replayed })
    })
  }
}

import { ErrandError, type GitHubWebhooks, invalidField } from '@errand/contract'
import { acceptDelivery } from '@errand/core'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../../context.ts'
import { integrationCallerOf } from '../../conventions/rate-caller.ts'
import type { RateLimits } from '../../conventions/rate-limit.ts'
import { bytesOf, parseObject, takeRawBodies } from '../raw-body.ts'
import { requireSecret } from '../secrets.ts'
import { createBodyRoom } from './body-room.ts'
import { type CommentLoop, startCommentLoop } from './comment-loop.ts'
import { requireSenderBy } from './verify.ts'
import { worksOf } from './work-of.ts'

/** GitHub sends no larger ones (docs.github.com, "Webhook events and payloads"). */
const bodyLimitBytes = 25 * 1024 * 1024

/**
 * Before a signature can be looked at, its body has to be there: a made-up one costs as much as GitHub's. Most
 * deliveries are of some kilobytes, and GitHub gives up on one after ten seconds.
 */
const bodyRoom = {
  mostBytes: 8 * bodyLimitBytes,
  mostBytesEach: 4 * bodyLimitBytes,
  mostMs: 20_000,
}

/**
 * `POST /integrations/github/webhooks`: a GitHub's webhooks. What gives something to do is stored and accepted;
 * it is done from the store. What happens on a forge in this process comes the same way, without HTTP.
 */
export function gitHubRoutes(context: ServerContext, limits: RateLimits): FastifyPluginAsync {
  return async (app) => {
    const { settings, forge } = context
    const { github } = settings.integrations
    if (github === undefined && forge.listen === undefined) return
    const loop = startCommentLoop(context)
    app.addHook('onClose', () => loop.close())
    forge.listen?.(async (event) => void (await accept(context, loop, event)))
    if (github !== undefined) receive(app, context, limits, github, loop)
  }
}

function receive(
  app: FastifyInstance,
  context: ServerContext,
  limits: RateLimits,
  settings: GitHubWebhooks,
  loop: CommentLoop,
): void {
  const requireSender = requireSenderBy(secretsOf(context, settings))
  takeRawBodies(app, bodyLimitBytes)
  const admitBody = createBodyRoom(bodyRoom, bodyLimitBytes)
  // Before a byte of the body is taken. Deliveries are under no limit, as one that is refused is not sent
  // again: what is counted is those that nobody signed. Whoever has used up that count is still read, since
  // GitHub may come from the same address, that of a reverse proxy.
  app.addHook('onRequest', async (request, reply) => {
    const caller = integrationCallerOf(request)
    const { 'x-hub-signature-256': signature } = request.headers
    if (/^sha256=[0-9a-f]{64}$/.test(String(signature))) {
      return admitBody(caller.key, request, reply)
    }
    limits.take(caller)
    throw new ErrandError('bad_credentials')
  })
  app.post('/integrations/github/webhooks', async (incoming, reply) => {
    const { headers } = incoming
    const text = await requireSender(
      bytesOf(incoming.body),
      String(headers['x-hub-signature-256']),
    ).catch((error: unknown) => {
      limits.take(integrationCallerOf(incoming))
      throw error
    })
    const delivery = {
      id: requireHeader('x-github-delivery', headers['x-github-delivery'], /^[\w-]{1,100}$/),
      event: requireHeader('x-github-event', headers['x-github-event'], /^[a-z_]{1,100}$/),
    }
    const payload = parseObject(Buffer.from(jsonOf(text)))
    return await reply.code(202).send(await accept(context, loop, { ...delivery, payload }))
  })
}

async function accept(
  { store, settings, log }: ServerContext,
  loop: CommentLoop,
  { id, event, payload }: { id: string; event: string; payload: object },
): Promise<{ accepted: boolean; replayed?: boolean }> {
  const all = worksOf(event, payload, settings.integrations.mention)
  // Where nothing attends to events they must not pile up, and all begin something one day.
  const { is_automations_enabled: isAttended } = settings.automations
  const works = all.filter(({ type }) => type !== 'event' || isAttended)
  const { accepted, replayed } = await acceptDelivery(store, { id, event }, works)
  if (!accepted) return { accepted }
  log.info({ delivery: id, event, replayed }, 'a delivery of a webhook was accepted')
  loop.wake()
  return { accepted, replayed }
}

/** GitHub wraps the JSON in a form, where its webhook was made without saying otherwise. */
function jsonOf(text: string): string {
  if (!text.startsWith('payload=')) return text
  return new URLSearchParams(text).get('payload') ?? ''
}

function requireHeader(name: string, value: unknown, pattern: RegExp): string {
  if (typeof value === 'string' && pattern.test(value)) return value
  throw invalidField(name, `${name}: the header is missing, or not as GitHub sends it`, 'Delivery')
}

/** @throws ErrandError that names the setting: it is noticed by whoever starts the server. */
function secretsOf(context: ServerContext, { secret_env: name }: GitHubWebhooks): string[] {
  const { settings } = context
  if (settings.forge !== 'embedded' && settings.github_app === undefined) {
    throw invalidField(
      'integrations.github',
      'integrations.github needs github_app: comments are answered, and what they ask is pushed, by a GitHub App of this server (docs/comments.md)',
      'Settings',
    )
  }
  const secrets = requireSecret(context, 'integrations.github.secret_env', name).split(/\r?\n/)
  return secrets.filter((secret) => secret !== '')
}

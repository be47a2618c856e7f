import { createHash } from 'node:crypto'
import { ErrandError, type HookSettings, invalidField } from '@errand/contract'
import type { FastifyPluginAsync } from 'fastify'
import type { ServerContext } from '../../context.ts'
import { taskPageUrl, taskUrl } from '../../present/urls.ts'
import { bytesOf, parseObject } from '../raw-body.ts'
import { callerOf } from '../secrets.ts'
import type { SignedRequest } from '../signature.ts'
import { startByName } from '../start-by-name.ts'
import { type Delivery, type Hook, openHook } from './hook.ts'

/** Headers that prove who sent a request are no business of a template. */
const proof = /^(authorization|cookie|proxy-authorization|.*(signature|token|secret).*)$/

/** `POST /integrations/hooks/{id}`: a task from a signed request, at most one for each delivery. */
export function hookRoutes(context: ServerContext, settings: HookSettings[]): FastifyPluginAsync {
  const hooks = new Map<string, Hook>()
  for (const hook of settings) {
    if (hooks.has(hook.id)) {
      throw invalidField('integrations.hooks', `the hook ${hook.id} is there twice`, 'Settings')
    }
    hooks.set(hook.id, openHook(context, hook))
  }

  return async (app) => {
    app.post<{ Params: { id: string } }>('/integrations/hooks/:id', async (incoming, reply) => {
      const hook = hooks.get(incoming.params.id)
      if (hook === undefined) throw new ErrandError('not_found')
      const request = { headers: incoming.headers, body: bytesOf(incoming.body) }
      hook.requireSignature(request)
      const delivery = { body: parseObject(request.body), headers: headersOf(request) }
      if (hook.render('when', delivery) !== 'true') return reply.code(200).send({ skipped: true })
      return reply.code(202).send(await start(context, hook, request, delivery))
    })
  }
}

async function start(
  context: ServerContext,
  hook: Hook,
  request: SignedRequest,
  delivery: Delivery,
): Promise<object> {
  const { id, model, agent, base_ref, create_pull_request } = hook.settings
  const name = hook.render('repository', delivery)
  if (!/^[^/\s]+\/[^/\s]+$/.test(name)) {
    throw invalidField(
      'repository',
      `repository came out as '${name.slice(0, 100)}', which is no owner/name`,
      'Hook',
    )
  }
  const { task, replayed, repository } = await startByName(
    context,
    await callerOf(context, hook.token),
    name,
    {
      prompt: hook.render('prompt', delivery),
      create_pull_request,
      idempotency_key: `hook:${id}:${sha256(hook.deliveryOf(request))}`,
      ...(model === undefined ? {} : { model }),
      ...(agent === undefined ? {} : { agent }),
      ...(base_ref === undefined ? {} : { base_ref }),
    },
  )
  context.log.info({ hook: id, task_id: task.id, replayed }, 'a hook was called')
  const web = context.publicUrl()
  return {
    task_id: task.id,
    url: taskUrl({ api: web, web }, repository.full_name, task.id),
    html_url: taskPageUrl({ web }, repository.full_name, task.id),
    replayed,
  }
}

function sha256(delivery: string | Buffer): string {
  return createHash('sha256').update(delivery).digest('hex')
}

function headersOf({ headers }: SignedRequest): Record<string, string> {
  const entries = Object.entries(headers).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !proof.test(entry[0]),
  )
  return Object.fromEntries(entries)
}

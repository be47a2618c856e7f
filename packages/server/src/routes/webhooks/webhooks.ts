import {
  ErrandError,
  invalidField,
  type UpdateWebhook,
  type WebhookConfigInput,
  type webhookRoutes,
} from '@errand/contract'
import * as core from '@errand/core'
import { type Actor, actorOf } from '../../auth/actor.ts'
import type { ServerContext } from '../../context.ts'
import { linkHeader } from '../../conventions/link-header.ts'
import type { Handler } from '../../handler.ts'
import { presentWebhook, presentWebhookConfig } from '../../present/webhook.ts'
import { readEvents } from '../../webhooks/read-events.ts'
import { requireSendable } from '../../webhooks/require-sendable.ts'
import { requireTarget, type Target } from './target.ts'

type Routes = typeof webhookRoutes

/** `GET .../hooks` */
export const list: Handler<
  Routes['listRepositoryWebhooks'] | Routes['listOrganizationWebhooks']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'read')
  const { page, per_page: perPage } = call.query
  const hooks = await core.listWebhooks(context.store, target)
  const shown = hooks.slice((page - 1) * perPage, page * perPage)
  const body = await Promise.all(shown.map((hook) => present(context, target, hook)))
  const link = linkHeader(call.url, {
    page,
    per_page: perPage,
    has_more: hooks.length > page * perPage,
  })
  return { status: 200, body, headers: { link } }
}

/** `POST .../hooks` */
export const create: Handler<
  Routes['createRepositoryWebhook'] | Routes['createOrganizationWebhook']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'write')
  const { config, events, active } = call.body
  requireSendable(context.settings, config.url)
  const { secret } = config
  const hook = await core.createWebhook(
    context.store,
    target,
    {
      url: config.url,
      content_type: config.content_type ?? 'form',
      insecure_ssl: config.insecure_ssl === '1',
      events: readEvents(context.settings, events),
      active,
      ...(secret === undefined ? {} : sealed(context, secret)),
    },
    actorOf(call.caller),
    (made) => pingOf(target, made, call.caller),
  )
  const body = await present(context, target, hook)
  return { status: 201, body, headers: { location: body.url } }
}

/** `GET .../hooks/{hook_id}` */
export const get: Handler<
  Routes['getRepositoryWebhook'] | Routes['getOrganizationWebhook']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'read')
  const hook = await requireHook(context, target, call.params.hook_id)
  return { status: 200, body: await present(context, target, hook) }
}

/** `PATCH .../hooks/{hook_id}` */
export const update: Handler<
  Routes['updateRepositoryWebhook'] | Routes['updateOrganizationWebhook']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'write')
  const { config, active } = call.body
  if (config !== undefined) requireSendable(context.settings, config.url)
  const hook = await core.updateWebhook(
    context.store,
    target,
    call.params.hook_id,
    actorOf(call.caller),
    ({ events }) => ({
      ...eventsOf(context, events, call.body),
      ...(active === undefined ? {} : { active }),
      // As on GitHub: a configuration takes the place of the whole one.
      ...(config === undefined
        ? {}
        : configOf(context, { content_type: 'form', insecure_ssl: '0', secret: '', ...config })),
    }),
  )
  if (hook === undefined) throw new ErrandError('not_found')
  return { status: 200, body: await present(context, target, hook) }
}

/** `DELETE .../hooks/{hook_id}` */
export const remove: Handler<
  Routes['deleteRepositoryWebhook'] | Routes['deleteOrganizationWebhook']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'write')
  const id = call.params.hook_id
  const wasThere = await core.deleteWebhook(context.store, target, id, actorOf(call.caller))
  if (!wasThere) throw new ErrandError('not_found')
  return { status: 204, body: '' }
}

/** `GET .../hooks/{hook_id}/config` */
export const getConfig: Handler<
  Routes['getRepositoryWebhookConfig'] | Routes['getOrganizationWebhookConfig']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'read')
  const hook = await requireHook(context, target, call.params.hook_id)
  return { status: 200, body: presentWebhookConfig(hook) }
}

/** `PATCH .../hooks/{hook_id}/config`: what is left out stays. */
export const updateConfig: Handler<
  Routes['updateRepositoryWebhookConfig'] | Routes['updateOrganizationWebhookConfig']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'write')
  const { url } = call.body
  if (url !== undefined) requireSendable(context.settings, url)
  const id = call.params.hook_id
  const hook = await core.updateWebhook(context.store, target, id, actorOf(call.caller), () =>
    configOf(context, call.body),
  )
  if (hook === undefined) throw new ErrandError('not_found')
  return { status: 200, body: presentWebhookConfig(hook) }
}

/** `POST .../hooks/{hook_id}/pings` */
export const ping: Handler<
  Routes['pingRepositoryWebhook'] | Routes['pingOrganizationWebhook']
> = async (context, call) => {
  const target = await requireTarget(context, call, 'write')
  const hook = await requireHook(context, target, call.params.hook_id)
  await core.pingWebhook(context.store, target, hook, pingOf(target, hook, call.caller))
  return { status: 204, body: '' }
}

/** @throws ErrandError not_found */
export async function requireHook(
  { store }: ServerContext,
  target: Target,
  id: number,
): Promise<core.WebhookRow> {
  const hook = await core.findWebhook(store, target, id)
  if (hook === undefined) throw new ErrandError('not_found')
  return hook
}

function eventsOf(
  { settings }: ServerContext,
  present: readonly string[],
  { events, add_events: added = [], remove_events: removed = [] }: UpdateWebhook,
): Pick<Partial<core.WebhookFields>, 'events'> {
  if (events !== undefined) return { events: readEvents(settings, events) }
  if (added.length === 0 && removed.length === 0) return {}
  const wanted = [...new Set([...present, ...readEvents(settings, added)])].filter(
    (event) => !(removed as string[]).includes(event),
  )
  if (wanted.length > 0) return { events: wanted }
  throw invalidField('remove_events', 'remove_events leaves no event; set active to false', 'Hook')
}

/** An empty secret takes it away. */
function configOf(
  context: ServerContext,
  { url, content_type: contentType, insecure_ssl: insecureSsl, secret }: WebhookConfigInput,
): Partial<core.WebhookFields> {
  return {
    ...(url === undefined ? {} : { url }),
    ...(contentType === undefined ? {} : { content_type: contentType }),
    ...(insecureSsl === undefined ? {} : { insecure_ssl: insecureSsl === '1' }),
    ...(secret === undefined ? {} : sealed(context, secret)),
  }
}

function sealed({ encryption }: ServerContext, secret: string) {
  return { secret: secret === '' ? null : (about: string) => encryption.seal(secret, about) }
}

function pingOf(target: Target, hook: core.WebhookRow, { user }: { user: Actor }): object {
  return {
    zen: 'Keep it logically awesome.',
    hook_id: hook.id,
    hook: presentWebhook(hook, `${target.url}/${hook.id}`),
    ...target.about,
    sender: { ...actorOf({ user }), type: 'User' },
  }
}

async function present({ store }: ServerContext, target: Target, hook: core.WebhookRow) {
  const [latest] = await core.listDeliveries(store, hook.id, { limit: 1 })
  return presentWebhook(hook, `${target.url}/${hook.id}`, latest)
}

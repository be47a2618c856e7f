import { z } from 'zod'
import { PageQuery } from './page.ts'
import { commonErrors, RepoPath, route } from './route.ts'
import {
  CreateWebhook,
  DeliveryQuery,
  UpdateWebhook,
  Webhook,
  WebhookConfig,
  WebhookConfigInput,
  WebhookDelivery,
  WebhookDeliveryItem,
} from './webhook.ts'

const id = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
const OrgPath = z.object({ org: z.string() })
const Hook = { hook_id: id }
const Delivery = { hook_id: id, delivery_id: id }

/** What the operations have in common, below a repository and below an organization. */
function webhookBase<const Permission extends 'repository_hooks' | 'organization_hooks'>(
  permission: Permission,
) {
  const base = { origin: 'github', who: 'user', spec: 'docs/webhooks.md' } as const
  const read = { ...base, method: 'GET', permission: `${permission}:read` } as const
  const write = { ...base, permission: `${permission}:write` } as const
  const errors = [...commonErrors, 'forbidden', 'not_found'] as const
  const changed = [...errors, 'body_not_object'] as const
  return { read, write, errors, changed }
}

/** Webhooks themselves. */
function hookOperations<
  const Root extends string,
  const Permission extends 'repository_hooks' | 'organization_hooks',
  Target extends z.ZodObject,
  One extends z.ZodObject,
>(
  root: Root,
  permission: Permission,
  { target, params }: { target: Target; params: One },
  whose: string,
) {
  const { read, write, errors, changed } = webhookBase(permission)
  const one = `${root}/{hook_id}` as const
  return {
    list: route({
      ...read,
      path: root,
      summary: `List ${whose} webhooks`,
      params: target,
      query: PageQuery,
      answers: { 200: z.array(Webhook) },
      errors,
    }),
    create: route({
      ...write,
      method: 'POST',
      path: root,
      summary: `Create ${whose} webhook`,
      params: target,
      body: CreateWebhook,
      answers: { 201: Webhook },
      errors: changed,
    }),
    get: route({
      ...read,
      path: one,
      summary: `Get ${whose} webhook`,
      params,
      answers: { 200: Webhook },
      errors,
    }),
    update: route({
      ...write,
      method: 'PATCH',
      path: one,
      summary: `Update ${whose} webhook`,
      params,
      body: UpdateWebhook,
      answers: { 200: Webhook },
      errors: changed,
    }),
    remove: route({
      ...write,
      method: 'DELETE',
      path: one,
      summary: `Delete ${whose} webhook`,
      params,
      answers: { 204: z.string() },
      errors,
    }),
    getConfig: route({
      ...read,
      path: `${one}/config`,
      summary: `Get the configuration of ${whose} webhook`,
      params,
      answers: { 200: WebhookConfig },
      errors,
    }),
    updateConfig: route({
      ...write,
      method: 'PATCH',
      path: `${one}/config`,
      summary: `Update the configuration of ${whose} webhook`,
      params,
      body: WebhookConfigInput,
      answers: { 200: WebhookConfig },
      errors: changed,
    }),
  }
}

/** What a webhook was told. */
function deliveryOperations<
  const Root extends string,
  const Permission extends 'repository_hooks' | 'organization_hooks',
  One extends z.ZodObject,
  Told extends z.ZodObject,
>(
  root: Root,
  permission: Permission,
  { params, delivery }: { params: One; delivery: Told },
  whose: string,
) {
  const { read, write, errors } = webhookBase(permission)
  const one = `${root}/{hook_id}` as const
  return {
    listDeliveries: route({
      ...read,
      path: `${one}/deliveries`,
      summary: `List deliveries for ${whose} webhook`,
      params,
      query: DeliveryQuery,
      answers: { 200: z.array(WebhookDeliveryItem) },
      errors,
    }),
    getDelivery: route({
      ...read,
      path: `${one}/deliveries/{delivery_id}`,
      summary: `Get a delivery of ${whose} webhook`,
      params: delivery,
      answers: { 200: WebhookDelivery },
      errors,
    }),
    redeliver: route({
      ...write,
      method: 'POST',
      path: `${one}/deliveries/{delivery_id}/attempts`,
      summary: `Redeliver a delivery of ${whose} webhook`,
      params: delivery,
      answers: { 202: z.object({}) },
      errors,
    }),
    ping: route({
      ...write,
      method: 'POST',
      path: `${one}/pings`,
      summary: `Ping ${whose} webhook`,
      params,
      answers: { 204: z.string() },
      errors,
    }),
  }
}

const ofRepository = {
  target: RepoPath,
  params: RepoPath.extend(Hook),
  delivery: RepoPath.extend(Delivery),
}
const ofOrganization = {
  target: OrgPath,
  params: OrgPath.extend(Hook),
  delivery: OrgPath.extend(Delivery),
}
const repositoryHooks = [
  '/repos/{owner}/{repo}/hooks',
  'repository_hooks',
  ofRepository,
  "a repository's",
] as const
const organizationHooks = [
  '/orgs/{org}/hooks',
  'organization_hooks',
  ofOrganization,
  "an organization's",
] as const

const repository = {
  ...hookOperations(...repositoryHooks),
  ...deliveryOperations(...repositoryHooks),
}
const organization = {
  ...hookOperations(...organizationHooks),
  ...deliveryOperations(...organizationHooks),
}

/** Whom to tell what happens. The operations are GitHub's; deliveries are tried again by themselves. */
export const webhookRoutes = {
  listRepositoryWebhooks: repository.list,
  createRepositoryWebhook: repository.create,
  getRepositoryWebhook: repository.get,
  updateRepositoryWebhook: repository.update,
  deleteRepositoryWebhook: repository.remove,
  getRepositoryWebhookConfig: repository.getConfig,
  updateRepositoryWebhookConfig: repository.updateConfig,
  listRepositoryWebhookDeliveries: repository.listDeliveries,
  getRepositoryWebhookDelivery: repository.getDelivery,
  redeliverRepositoryWebhookDelivery: repository.redeliver,
  pingRepositoryWebhook: repository.ping,
  listOrganizationWebhooks: organization.list,
  createOrganizationWebhook: organization.create,
  getOrganizationWebhook: organization.get,
  updateOrganizationWebhook: organization.update,
  deleteOrganizationWebhook: organization.remove,
  getOrganizationWebhookConfig: organization.getConfig,
  updateOrganizationWebhookConfig: organization.updateConfig,
  listOrganizationWebhookDeliveries: organization.listDeliveries,
  getOrganizationWebhookDelivery: organization.getDelivery,
  redeliverOrganizationWebhookDelivery: organization.redeliver,
  pingOrganizationWebhook: organization.ping,
} as const

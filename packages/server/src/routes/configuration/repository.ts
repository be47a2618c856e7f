import { isDeepStrictEqual } from 'node:util'
import {
  type CloudAgentConfiguration,
  ErrandError,
  invalidField,
  type PartialConfiguration,
  type RepositoryAccess,
  type routes,
} from '@errand/contract'
import {
  changeRepositoryConfiguration,
  configurationFields,
  enforcedTools,
  type StoredConfiguration,
  valuesOf,
} from '@errand/core'
import { requireRepository } from '../../auth/repository.ts'
import { configurationOf, refusalOfAgents, resolveStored } from '../../configuration/resolve.ts'
import { effectsOf } from '../../configuration/effects.ts'
import { serverLayer } from '../../configuration/server-layer.ts'
import type { ServerContext } from '../../context.ts'
import { requireMatch } from '../../conventions/if-match.ts'
import type { Answer, Call, Handler } from '../../handler.ts'

type Path = Call<(typeof routes)['getConfiguration']>

/** `GET /repos/{owner}/{repo}/copilot/cloud-agent/configuration`: what holds, whoever says so. */
export const getConfiguration: Handler<typeof routes.getConfiguration> = async (context, call) => {
  const repository = await requireReadable(context, call)
  const { values } = await configurationOf(context, repository)
  return { status: 200, body: values }
}

/** `GET .../effective-config` */
export const getEffectiveConfiguration: Handler<typeof routes.getEffectiveConfiguration> = async (
  context,
  call,
) => {
  const repository = await requireReadable(context, call)
  const { resolved, is_agent_enabled } = await configurationOf(context, repository)
  const effects = effectsOf(context)
  const settings = Object.fromEntries(
    configurationFields.map((field) => [field, { ...resolved[field], effect: effects[field] }]),
  )
  const refusal = await refusalOfAgents(context, repository)
  return {
    status: 200,
    body: { is_agent_enabled, ...(refusal && { refusal: refusal.message }), settings },
  }
}

/** `PUT .../configuration`: every field is the repository's own from then on. */
export const putConfiguration: Handler<typeof routes.putConfiguration> = (context, call) =>
  change(context, call, call.body, () => call.body)

/** `PATCH .../configuration`: what is not given stays, as it is or as others say. */
export const patchConfiguration: Handler<typeof routes.patchConfiguration> = (context, call) =>
  change(context, call, call.body, (before) => ({
    ...before,
    ...call.body,
    ...(call.body.enabled_tools !== undefined && {
      enabled_tools: { ...before.enabled_tools, ...call.body.enabled_tools },
    }),
  }))

async function change(
  context: ServerContext,
  call: Pick<Path, 'caller' | 'params' | 'headers'>,
  asked: PartialConfiguration,
  merge: (before: PartialConfiguration) => PartialConfiguration,
): Promise<Answer> {
  const { caller, params, headers } = call
  const repository = await requireRepository(context, caller, params, 'write', 'administration')
  if (repository.permission !== 'admin') {
    throw new ErrandError('forbidden', {
      message: `You must be an administrator of ${repository.full_name} for this`,
    })
  }
  const actor = { id: caller.user.id, login: caller.user.login }
  const stored = await changeRepositoryConfiguration(context.store, repository, actor, (now) => {
    const present = valuesOf(resolveStored(context, now))
    requireMatch(headers['if-match'], present)
    requireNotEnforced(context, now, asked, present)
    return withoutAdded(merge(now.repository), now.organization.additional_allowlist)
  })
  return { status: 200, body: valuesOf(resolveStored(context, stored)) }
}

/** @throws ErrandError validation_failed for a value that somebody above says otherwise. */
function requireNotEnforced(
  context: ServerContext,
  stored: StoredConfiguration,
  asked: PartialConfiguration,
  present: CloudAgentConfiguration,
): void {
  const resolved = resolveStored(context, stored)
  for (const field of configurationFields) {
    const { is_enforced: isEnforced, source } = resolved[field]
    if (asked[field] === undefined || !isEnforced || field === 'enabled_tools') continue
    // Saying what holds anyway is nothing to be refused: a client may send back all it got.
    if (!isDeepStrictEqual(asked[field], present[field])) throw enforced(field, source)
  }
  const layers = { server: serverLayer(context.settings), organization: stored.organization }
  const tools: Record<string, boolean | undefined> = asked.enabled_tools ?? {}
  for (const [tool, isOn] of Object.entries(enforcedTools(layers))) {
    if (tools[tool] === undefined || isOn === undefined || tools[tool] === isOn) continue
    const isServers = serverLayer(context.settings).enforced.enabled_tools !== undefined
    throw enforced(`enabled_tools.${tool}`, isServers ? 'server' : 'organization')
  }
}

function enforced(field: string, by: string): Error {
  const message = `${field} is enforced by the ${by}: a repository cannot change it`
  return invalidField(field, message, 'Configuration')
}

/** What the organization adds is not the repository's own, though it is answered as one list. */
function withoutAdded(asked: PartialConfiguration, added: string[]): PartialConfiguration {
  const hosts = asked.custom_allowlist
  if (hosts === undefined) return asked
  return { ...asked, custom_allowlist: hosts.filter((host) => !added.includes(host)) }
}

/** Who may write to it may know what its agent may do: it can name hosts inside. */
async function requireReadable(
  context: ServerContext,
  { caller, params }: Pick<Path, 'caller' | 'params'>,
): Promise<RepositoryAccess> {
  const repository = await requireRepository(context, caller, params, 'read', 'administration')
  if (['write', 'maintain', 'admin'].includes(repository.permission)) return repository
  throw new ErrandError('forbidden', {
    message: `You need write access to ${repository.full_name} to see its configuration`,
  })
}

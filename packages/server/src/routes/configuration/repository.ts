import { isDeepStrictEqual } from 'node:util'
import {
  type CloudAgentConfiguration,
  type ConfigurationPart,
  ErrandError,
  invalidField,
  type PartialConfiguration,
  type RepositoryAccess,
  type routes,
} from '@errand/contract'
import {
  changeRepositoryConfiguration,
  configurationFields,
  type StoredConfiguration,
  valuesOf,
} from '@errand/core'
import { requireRepository } from '../../auth/repository.ts'
import {
  configurationOf,
  lookAtConfiguration,
  refusalOf,
  resolveStored,
} from '../../configuration/resolve.ts'
import { effectsOf } from '../../configuration/effects.ts'
import type { ServerContext } from '../../context.ts'
import { requireMatch } from '../../conventions/if-match.ts'
import type { Answer, Call, Handler } from '../../handler.ts'

type Path = Call<(typeof routes)['getConfiguration']>

/** `GET /repos/{owner}/{repo}/copilot/cloud-agent/configuration`: what holds, whoever says so. */
export const getConfiguration: Handler<typeof routes.getConfiguration> = async (context, call) => {
  const repository = await requireReadable(context, call)
  const { values } = await configurationOf(context, call.caller, repository)
  return { status: 200, body: values }
}

/** `GET .../effective-config` */
export const getEffectiveConfiguration: Handler<typeof routes.getEffectiveConfiguration> = async (
  context,
  call,
) => {
  const repository = await requireReadable(context, call)
  const held = await lookAtConfiguration(context, call.caller, repository)
  const { resolved, is_agent_enabled, problem } = held
  const effects = effectsOf(context)
  const settings = Object.fromEntries(
    configurationFields.map((field) => [field, { ...resolved[field], effect: effects[field] }]),
  )
  const refusal = refusalOf(context, repository, held)
  const { file: path } = context.settings.configuration
  return {
    status: 200,
    body: {
      is_agent_enabled,
      ...(refusal && { refusal: refusal.message }),
      ...(path !== undefined && { file: { path, ...(problem !== undefined && { problem }) } }),
      settings,
    },
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

/** `DELETE .../configuration`: what the repository said is said by others again. */
export const deleteConfiguration: Handler<typeof routes.deleteConfiguration> = (context, call) =>
  change(context, call, {}, (before) => without(before, call.query.field))

function without(
  before: PartialConfiguration,
  part: ConfigurationPart | undefined,
): PartialConfiguration {
  if (part === undefined) return {}
  const [field = '', tool] = part.split('.')
  const { enabled_tools: tools = {} } = before
  const left = tool === undefined ? {} : leaveOut(tools, tool)
  const others = leaveOut(before, field)
  return Object.keys(left).length === 0 ? others : { ...others, enabled_tools: left }
}

function leaveOut<T extends object>(from: T, key: string): Partial<T> {
  // Of the same kind, less a key.
  return Object.fromEntries(Object.entries(from).filter(([name]) => name !== key)) as Partial<T>
}

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
  requireNoFile(context, repository)
  const actor = { id: caller.user.id, login: caller.user.login }
  const stored = await changeRepositoryConfiguration(context.store, repository, actor, (now) => {
    const present = valuesOf(resolveStored(context, now))
    requireMatch(headers['if-match'], present)
    requireNotEnforced(context, now, asked, present)
    return withoutAdded(merge(now.repository), now.organization.additional_allowlist)
  })
  return { status: 200, body: valuesOf(resolveStored(context, stored)) }
}

/** @throws ErrandError conflict where the repository has its word in a file. */
function requireNoFile({ settings }: ServerContext, repository: RepositoryAccess): void {
  const { file } = settings.configuration
  if (file === undefined) return
  const { default_branch: branch, full_name: name } = repository
  const message = `The configuration of ${name} is kept in ${file} on ${branch}: change it there`
  throw new ErrandError('conflict', { message })
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
  const tools: Record<string, boolean | undefined> = asked.enabled_tools ?? {}
  const holding: Record<string, boolean> = present.enabled_tools
  for (const { name, source, is_enforced: isEnforced } of resolved.enabled_tools.parts ?? []) {
    if (tools[name] === undefined || !isEnforced || tools[name] === holding[name]) continue
    throw enforced(`enabled_tools.${name}`, source)
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

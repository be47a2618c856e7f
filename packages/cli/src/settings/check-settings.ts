import { resolve } from 'node:path'
import { builtinPrograms } from '@errand/agents'
import {
  agentPlaceholders,
  apiBetween,
  autoModelId,
  scriptModelId,
  Settings,
  spokenModel,
  unknownPlaceholder,
} from '@errand/contract'
import type { z } from 'zod'
import { withKnownAgents } from '../agents/known-agents.ts'
import { checkUpstreams } from './check-upstreams.ts'
import { didYouMean } from './closest-word.ts'
import { acceptedAt, keysAt } from './setting-keys.ts'
import type { GivenSettings } from './settings-sources.ts'

/** Their values are never shown, not even when they are wrong. */
const secretKeys = new Set(['admin_token', 'forge_token', 'database_url'])

type Issue = z.core.$ZodIssue

/** The settings, or every problem found, each naming where it was given and its key. */
export function checkSettings(
  given: GivenSettings,
  cwd: string,
): { settings?: Settings; problems: string[] } {
  const parsed = Settings.safeParse(given.values)
  if (!parsed.success)
    return { problems: parsed.error.issues.flatMap((issue) => explain(given, issue)) }
  const known = withKnownAgents({ ...parsed.data, data: resolve(cwd, parsed.data.data) })
  const at = (path: (string | number)[]): string => `${placeOf(given, path)}: ${nameOf(path)}`
  const problems = [
    ...checkAgents(given, parsed.data),
    ...checkReferences(given, known),
    ...checkAliases(given, known),
    ...checkUpstreams(parsed.data, at),
  ]
  return problems.length > 0 ? { problems } : { settings: parsed.data, problems }
}

function explain(given: GivenSettings, issue: Issue): string[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const name = nameOf([...issue.path, key])
      const place = placeOf(given, issue.path, key)
      return `${place}: ${name} is not a setting${didYouMean(key, keysAt(issue.path))}`
    })
  }
  const place = placeOf(given, issue.path)
  const name = nameOf(issue.path)
  const value = valueAt(given.values, issue.path)
  if (value === undefined)
    return [`${place}: ${name} is missing: it must be ${acceptedAt(issue.path)}`]
  // A rule with a message of its own says more than its type does.
  const hasOwnMessage = issue.code === 'custom' || issue.message.startsWith('must ')
  const rule = hasOwnMessage ? issue.message : `must be ${acceptedAt(issue.path)}`
  return [`${place}: ${name} ${rule}${notValue(issue.path, value)}`]
}

/** What the schema cannot say: names must be of something that is there, and only once. */
function* checkReferences(given: GivenSettings, settings: Settings): Generator<string> {
  const upstreams = Object.keys(settings.upstreams)
  const agents = [...Object.keys(builtinPrograms.agents), ...Object.keys(settings.agents)]
  const ids = new Set<string>()
  for (const [index, model] of settings.models.entries()) {
    const at = (key: string): string =>
      `${placeOf(given, ['models', index, key])}: models[${index}].${key}`
    if (model.id === autoModelId || model.id === scriptModelId) {
      yield `${at('id')} must not be \`${model.id}\`: that name is Errand's own`
    }
    if (ids.has(model.id)) yield `${at('id')} \`${model.id}\` is there twice`
    ids.add(model.id)
    if (!upstreams.includes(model.upstream)) {
      yield `${at('upstream')} \`${model.upstream}\` is not one of \`upstreams\`${didYouMean(model.upstream, upstreams)}`
    }
    if (!agents.includes(model.agent)) {
      yield `${at('agent')} \`${model.agent}\` is not an agent${didYouMean(model.agent, agents)}`
    }
    const upstream = settings.upstreams[model.upstream]
    const entry = settings.agents[model.agent]
    if (upstream !== undefined && apiBetween(entry, spokenModel(model, upstream)) === undefined) {
      yield `${at('agent')} \`${model.agent}\` cannot speak to this model: it knows ${Object.keys(entry?.apis ?? {}).join(', ')}`
    }
  }
  const named = [
    ...Object.entries(settings.mapped_models).map(([name, id]) => ({
      path: ['mapped_models', name],
      id,
    })),
    { path: ['validation', 'review', 'model'], id: settings.validation.review?.model },
  ]
  for (const { path, id } of named) {
    if (id === undefined || ids.has(id)) continue
    yield `${placeOf(given, path)}: ${nameOf(path)} \`${id}\` is not one of \`models\`${didYouMean(id, [...ids])}`
  }
  const reviewer = settings.validation.review?.agent
  if (reviewer !== undefined && !agents.includes(reviewer)) {
    const path = ['validation', 'review', 'agent']
    yield `${placeOf(given, path)}: ${nameOf(path)} \`${reviewer}\` is not an agent${didYouMean(reviewer, agents)}`
  }
}

/** A name means one model: the first that has it would hide the other. */
function* checkAliases(given: GivenSettings, { models }: Settings): Generator<string> {
  const idIn = new Map(models.map(({ id }, index) => [id, index]))
  const aliasIn = new Map<string, number>()
  for (const [index, { aliases }] of models.entries()) {
    for (const [place, alias] of aliases.entries()) {
      const path = ['models', index, 'aliases', place]
      const at = `${placeOf(given, path)}: ${nameOf(path)}`
      const withId = idIn.get(alias)
      const withAlias = aliasIn.get(alias)
      if (alias === autoModelId || alias === scriptModelId) {
        yield `${at} must not be \`${alias}\`: that name is Errand's own`
      } else if (withId !== undefined && withId !== index) {
        yield `${at} \`${alias}\` is the id of models[${withId}]`
      } else if (withAlias !== undefined && withAlias !== index) {
        yield `${at} \`${alias}\` is an alias of models[${withAlias}] too`
      }
      aliasIn.set(alias, withAlias ?? index)
    }
  }
}

/** What an entry is filled in with must be known before a task needs it. */
function* checkAgents(given: GivenSettings, settings: Settings): Generator<string> {
  for (const [name, entry] of Object.entries(settings.agents)) {
    const unknown = unknownPlaceholder(entry)
    if (unknown === undefined) continue
    const place = placeOf(given, ['agents', name])
    const known = [...agentPlaceholders]
    yield `${place}: agents.${name} has \${${unknown}}, and there are ${known.join(', ')} and what its \`apis\` say${didYouMean(unknown, known)}`
  }
}

function placeOf(given: GivenSettings, path: readonly PropertyKey[], unknownKey?: string): string {
  for (let length = path.length; length > 0; length -= 1) {
    const giver = given.givenBy.get(path.slice(0, length).join('.'))
    if (giver !== undefined) return giver
  }
  return given.file?.locate(path, unknownKey) ?? 'settings'
}

function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '')
}

function valueAt(values: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, part) => Reflect.get(Object(value), part), values)
}

function notValue(path: readonly PropertyKey[], value: unknown): string {
  if (secretKeys.has(String(path[0])) || path.includes('env')) return ''
  if (Array.isArray(value)) return value.length === 0 ? ', not an empty list' : ', not a list'
  if (typeof value === 'object') return ', not a section'
  const text = JSON.stringify(value)
  return text.length > 60 ? '' : `, not ${text}`
}

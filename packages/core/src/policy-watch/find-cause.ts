import { isDeepStrictEqual } from 'node:util'
import type { PolicyVersionRow } from '../store/schema.ts'

/** A change of what is configured for a repository, as the audit log has it. */
export interface Change {
  number: number
  timestamp: Date
  actor_login: string
  /** `{ before, after }`: a repository's document, or an organization's. */
  data: string
}

export interface Cause {
  cause: 'configuration' | 'policy' | 'unknown'
  at: Date
  entry: number | null
  login: string | null
}

/** What happened since a repository was last looked at. */
export interface Since {
  /** The latest first. */
  changes: readonly Change[]
  policy: PolicyVersionRow
  /** The id of the policy it was last looked at with; undefined where it never was. */
  lastPolicy: number | null | undefined
  now: Date
}

/**
 * Whose doing it is that something deviates at a place, or does no more: the latest change of that very
 * place, if it was made under this policy; the policy, if nobody changed the place; else nobody knows.
 */
export function findCause(place: readonly string[] | null, since: Since): Cause {
  const { changes, policy, lastPolicy, now } = since
  const change = latestOf(place ?? [], changes)
  if (change !== undefined && change.number > policy.entry) {
    const { number: entry, timestamp: at, actor_login: login } = change
    return { cause: 'configuration', at, entry, login }
  }
  const isFirst = lastPolicy === undefined
  const isOfPolicy = isFirst || (lastPolicy !== policy.id && change === undefined)
  const nobody = { entry: null, login: null }
  if (!isOfPolicy || (change === undefined && isAnyPlace(place) && changes.length > 0)) {
    return { cause: 'unknown', at: now, ...nobody }
  }
  // Of a repository that is new here it is not known that it was there before.
  return { cause: 'policy', at: isFirst && change === undefined ? now : policy.seen_at, ...nobody }
}

/** The place may be anywhere: a rule of one's own looks at the whole configuration. */
function isAnyPlace(place: readonly string[] | null): boolean {
  return (place ?? []).length === 0
}

/**
 * The latest change of a place. Of what an MCP server lacks, or has deep within, that of the innermost part
 * of the server that anybody changed.
 */
function latestOf(place: readonly string[], changes: readonly Change[]): Change | undefined {
  if (place.length === 0) return changes.length === 1 ? changes[0] : undefined
  const shortest = Math.min(place.length, place[0] === 'mcp_configuration' ? 3 : place.length)
  for (let length = place.length; length >= shortest; length -= 1) {
    const part = place.slice(0, length)
    const found = changes.find((change) => touches(change, part))
    if (found !== undefined) return found
  }
  return undefined
}

function touches({ data }: Change, place: readonly string[]): boolean {
  // As appendAudit wrote it.
  const { before, after } = JSON.parse(data) as { before: unknown; after: unknown }
  return !isDeepStrictEqual(saidAt(before, place), saidAt(after, place))
}

/** What a repository's document says at a place, or each part of an organization's. */
function saidAt(document: unknown, place: readonly string[]): unknown[] {
  const { defaults, enforced, additional_allowlist: added } = Object(document)
  const parts = [document, defaults, enforced, { custom_allowlist: added }]
  return parts.map((part) => valueAt(part, place))
}

/** Of a list whether it has the entry. */
function valueAt(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined) return value
  if (Array.isArray(value)) return value.includes(name)
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return valueAt(Reflect.get(value, name), rest)
}

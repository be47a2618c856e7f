import { Settings } from '@errand/contract'
import { z } from 'zod'

/** The part of JSON Schema that contract's settings come out as. */
interface SchemaNode {
  type?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  format?: string
  minimum?: number
  maximum?: number
  minLength?: number
  minItems?: number
  anyOf?: SchemaNode[]
  items?: SchemaNode
  properties?: Record<string, SchemaNode>
  required?: string[]
  additionalProperties?: SchemaNode | boolean
}

export interface SettingKey {
  /** As it is written in documents: `sessions.timeout_minutes`, `models[].id`, `upstreams.NAME.wire`. */
  name: string
  path: string[]
  /** The variable that sets it; parts of a list or a map can only be given with the whole. */
  environmentName: string | undefined
  description: string
  /** What it may be, as the end of a sentence: `a whole number from 0 to 65535`. */
  accepts: string
  defaultValue: unknown
  isRequired: boolean
  isSection: boolean
}

/** Only the shape is asked for: what transforms take in cannot be told as JSON Schema. */
const root = z.toJSONSchema(Settings, { io: 'output', unrepresentable: 'any' }) as SchemaNode

/** Every setting in the schema's order, sections before what is in them. */
export function listSettingKeys(): SettingKey[] {
  return keysUnder(root, [])
}

function keysUnder(node: SchemaNode, path: string[]): SettingKey[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const own = [...path, key]
    const inside = childrenOf(child)
    const setting: SettingKey = {
      name: own.join('.').replaceAll('.[]', '[]'),
      path: own,
      environmentName:
        own.some((part) => part === '[]' || part === 'NAME') || child.properties
          ? undefined
          : environmentName(own),
      description: child.description ?? '',
      accepts: describeAccepted(child),
      defaultValue: child.default,
      isRequired: child.default === undefined && (node.required ?? []).includes(key),
      isSection: child.properties !== undefined,
    }
    return [setting, ...keysUnder(inside.node, [...own, ...inside.step])]
  })
}

function childrenOf(node: SchemaNode): { node: SchemaNode; step: string[] } {
  if (node.items) return { node: node.items, step: ['[]'] }
  if (typeof node.additionalProperties === 'object') {
    return { node: node.additionalProperties, step: ['NAME'] }
  }
  return { node, step: [] }
}

function environmentName(path: readonly string[]): string {
  return `ERRAND_${path.join('_').toUpperCase()}`
}

/** The keys that may stand at a path of a settings file; empty where any name may. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  return Object.keys(nodeAt(path)?.properties ?? {})
}

/** What the setting at a path accepts, as the end of a sentence. */
export function acceptedAt(path: readonly PropertyKey[]): string {
  const node = nodeAt(path)
  return node ? describeAccepted(node) : 'known'
}

function nodeAt(path: readonly PropertyKey[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = root
  for (const part of path) {
    const inside: SchemaNode | undefined = node && childrenOf(node).node
    node = node?.properties?.[String(part)] ?? (inside === node ? undefined : inside)
  }
  return node
}

function describeAccepted(node: SchemaNode): string {
  if (node.anyOf?.some(({ type }) => type === 'object')) return 'a map of names'
  if (node.anyOf || node.type === 'boolean') return 'true or false'
  if (node.enum) return `one of ${node.enum.map((value) => `\`${String(value)}\``).join(', ')}`
  if (node.items?.properties) return 'a list'
  if (node.items)
    return (node.minItems ?? 0) > 0 ? 'a list of one or more texts' : 'a list of texts'
  if (node.properties) return 'a section'
  if (node.additionalProperties) return 'a map of names'
  if (node.type === 'integer' || node.type === 'number') return describeNumber(node)
  if (node.format === 'uri') return 'a URL'
  if ((node.minLength ?? 0) > 1) return `a text of at least ${node.minLength} characters`
  return 'a text'
}

function describeNumber({ type, minimum, maximum }: SchemaNode): string {
  const what = type === 'integer' ? 'a whole number' : 'a number'
  if (maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER) {
    return `${what} from ${minimum ?? 0} to ${maximum}`
  }
  return `${what}, ${minimum ?? 0} or more`
}

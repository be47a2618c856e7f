import type { RawTool } from './connection.ts'
import { visibleText } from './visible-text.ts'

/** A tool as the agent is shown it. */
export interface ShownTool {
  name: string
  description?: string
  inputSchema: { type: 'object'; [key: string]: unknown }
  annotations?: Record<string, boolean | string>
}

export interface ShownTools {
  tools: ShownTool[]
  /** What is to be told of those that are not shown; empty where there is nothing. */
  notes: string[]
}

/** Of one server; a model that is told of more chooses badly. */
const mostTools = 128
const longestDescription = 8000
/** Of an input's schema, as JSON. */
const longestSchema = 65_536
/** A schema with more levels is not walked through. */
const deepestSchema = 40
/** What the specification says names should be, so that no model's API refuses them. */
const plainName = /^[A-Za-z0-9_.-]{1,128}$/

/**
 * What of a server's tools the agent gets to see: those that the configuration names, by plain names, without
 * what a reader of a log would not see, and so much of each that it cannot fill a model's window.
 *
 * @param allowed names of tools; `*` for all
 */
export function showTools(
  raw: readonly RawTool[],
  allowed: readonly string[] | undefined,
): ShownTools {
  const isAllowed = (name: string): boolean =>
    allowed === undefined || allowed.includes('*') || allowed.includes(name)
  const plain = raw.filter(({ name }) => plainName.test(name))
  const chosen = plain.filter(({ name }) => isAllowed(name))
  const tools = new Map<string, ShownTool>()
  let broken = 0
  for (const tool of chosen.slice(0, mostTools)) {
    const shown = showTool(tool)
    if (shown === undefined || tools.has(tool.name)) broken += 1
    else tools.set(tool.name, shown)
  }
  const unknown = (allowed ?? []).filter(
    (name) => name !== '*' && !plain.some((tool) => tool.name === name),
  )
  const left = raw.length - plain.length + broken + Math.max(0, chosen.length - mostTools)
  return {
    tools: [...tools.values()],
    notes: [
      ...(left === 0 ? [] : [`${left} of its tools are left out: too many, or not well-formed`]),
      ...(unknown.length === 0
        ? []
        : [`it has no tool ${unknown.map(visibleText).join(', ').slice(0, 500)}`]),
    ],
  }
}

function showTool({ name, description, inputSchema, annotations }: RawTool): ShownTool | undefined {
  const schema = cleanAll(inputSchema ?? { type: 'object' }, 0)
  if (typeof schema !== 'object' || schema === null || !('type' in schema)) return undefined
  if (schema.type !== 'object' || JSON.stringify(schema).length > longestSchema) return undefined
  const hints = hintsOf(annotations)
  return {
    name,
    ...(typeof description === 'string'
      ? { description: visibleText(description).slice(0, longestDescription) }
      : {}),
    inputSchema: { ...schema, type: 'object' },
    ...(hints === undefined ? {} : { annotations: hints }),
  }
}

/** The hints of the specification; agents decide by them what they ask about. */
function hintsOf(annotations: unknown): ShownTool['annotations'] {
  if (typeof annotations !== 'object' || annotations === null) return undefined
  const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint'] as const
  const given: Record<string, unknown> = { ...annotations }
  return Object.fromEntries(
    hints.flatMap((name) => {
      const value = given[name]
      return typeof value === 'boolean' ? [[name, value]] : []
    }),
  )
}

/** Every text of a schema is read by a model. Undefined where it is too deep. */
function cleanAll(value: unknown, depth: number): unknown {
  if (depth > deepestSchema) return undefined
  if (typeof value === 'string') return visibleText(value)
  if (Array.isArray(value)) return value.map((item) => cleanAll(item, depth + 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [visibleText(key), cleanAll(item, depth + 1)]),
  )
}

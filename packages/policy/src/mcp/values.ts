import { mcpServersOf, type Configuration, type McpServer } from '../configuration.ts'
import type { Path } from '../rule.ts'

/** A text of a server's definition in which variables are filled in, and where it stands. */
export interface McpValue {
  server: string
  path: Path
  /** `sentry.env.TOKEN`, `sentry.args[2]`. */
  place: string
  part: 'env' | 'headers' | 'args' | 'url' | 'other'
  /** What the value is called: a variable, a header, or the option before an argument. */
  name: string
  value: string
  /** The names a server's own environment defines: arguments may use them. */
  defined: ReadonlySet<string>
}

/** Every text of every server but `tools` and `type`, wherever it stands (behaviour.md 3.3). */
export function mcpValuesOf(configuration: Configuration): McpValue[] {
  return mcpServersOf(configuration).flatMap(([name, server]) => valuesOf(name, server))
}

function valuesOf(server: string, definition: McpServer): McpValue[] {
  const defined = new Set(Object.keys(asObject(definition.env)))
  const base = { server, defined }
  const root = ['mcp_configuration', 'mcpServers', server]
  return Object.entries(definition)
    .filter(([key]) => key !== 'tools' && key !== 'type')
    .flatMap(([key, value]) =>
      textsIn(value, [key]).map(({ path, text, name }) => ({
        ...base,
        path: [...root, ...path],
        place:
          `${server}.${path.map((part) => (typeof part === 'number' ? `[${part}]` : part)).join('.')}`.replaceAll(
            '.[',
            '[',
          ),
        part: partOf(key),
        name,
        value: text,
      })),
    )
}

interface Text {
  path: Path
  text: string
  name: string
}

/** Texts at any depth: what is not understood must not hide a secret. */
function textsIn(value: unknown, path: Path): Text[] {
  const name = path.findLast((part) => typeof part === 'string') ?? ''
  if (typeof value === 'string') return [{ path, text: value, name }]
  if (Array.isArray(value)) return value.flatMap((item, at) => argumentTexts(value, item, at, path))
  return Object.entries(asObject(value)).flatMap(([key, item]) => textsIn(item, [...path, key]))
}

/** `--token abc`, `--token=abc` and `-e TOKEN=abc` name their value. */
function argumentTexts(items: readonly unknown[], item: unknown, at: number, path: Path): Text[] {
  if (typeof item !== 'string') return textsIn(item, [...path, at])
  const before: unknown = items[at - 1]
  const [, option, value] = /^-{0,2}([A-Za-z][\w.-]*)=(.*)$/s.exec(item) ?? []
  if (option !== undefined && value !== undefined) {
    return [{ path: [...path, at], text: value, name: option }]
  }
  const isNamed = typeof before === 'string' && /^--?[A-Za-z][\w-]*$/.test(before)
  return [{ path: [...path, at], text: item, name: isNamed ? before.replace(/^-+/, '') : '' }]
}

function partOf(key: string): McpValue['part'] {
  return key === 'env' || key === 'headers' || key === 'args' || key === 'url' ? key : 'other'
}

function asObject(value: unknown): Record<string, unknown> {
  // Any object may be read like one; what its values are is looked at one by one.
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

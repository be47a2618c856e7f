import type { McpServer } from '@errand/contract'

import { isRemote } from './remote-way.ts'

/** A server as it is started or called: nothing is left to be filled in. */
export type ReadyServer = McpServer & {
  /** Whether it was given one of the repository's secrets or variables. */
  holdsValues: boolean
}

/** A text names a value that nobody has set, and gives no default. */
export class UnsetValue extends Error {
  constructor(name: string) {
    super(`it needs ${name}, which is neither a secret nor a variable of the repository`)
    this.name = 'UnsetValue'
  }
}

/** `$NAME`, `${NAME}` and `${NAME:-default}`, as contract's `variablesIn` sees them. */
const variable = /\$(?:\{([A-Za-z_]\w*)(?::-([^}]*))?\}|([A-Za-z_]\w*))/g
/** The same, with what the front matter of a custom agent may have beside (behaviour.md 3.3). */
const variableOrExpression = new RegExp(
  `${variable.source}|${/\$\{\{\s*(?:secrets|vars)\.([A-Za-z_]\w*)\s*\}\}/.source}`,
  'g',
)

/**
 * Fills in what a server's texts name, all but `tools` and `type` (behaviour.md 3.3), in one pass: what is put
 * in is never looked at again. `args` may name the server's own `env`.
 *
 * @param values what MCP servers may be given, by name: nothing else can be named
 * @param options.hasExpressions whether `${{ secrets.NAME }}` is understood too
 * @throws UnsetValue
 */
export function fillInValues(
  server: McpServer,
  values: Readonly<Record<string, string>>,
  { hasExpressions = false } = {},
): ReadyServer {
  const filling: Filling = { values, hasExpressions, holdsValues: false }
  const ready = fillServer(filling, server)
  const tools = server.tools === undefined ? {} : { tools: server.tools }
  return { ...ready, ...tools, holdsValues: filling.holdsValues }
}

interface Filling {
  values: Readonly<Record<string, string>>
  hasExpressions: boolean
  /** Set with the first of the values that is put in. */
  holdsValues: boolean
}

function fillServer(filling: Filling, server: McpServer): McpServer {
  if (isRemote(server)) {
    const headers = fillAll(filling, server.headers ?? {})
    return { type: server.type, url: fill(filling, server.url), headers }
  }
  const env = fillAll(filling, server.env ?? {})
  const args = server.args.map((text) => fill(filling, text, env))
  return { type: server.type, command: fill(filling, server.command), args, env }
}

type Texts = Readonly<Record<string, string>>

function fillAll(filling: Filling, texts: Texts): Record<string, string> {
  const filled = Object.entries(texts).map(([name, text]) => [name, fill(filling, text)])
  return Object.fromEntries(filled)
}

/** @param own what the server's own `env` says, for its `args` */
function fill(filling: Filling, text: string, own: Texts = {}): string {
  return text.replaceAll(
    filling.hasExpressions ? variableOrExpression : variable,
    (_, braced?: string, standsFor?: string, plain?: string, ...more: unknown[]) =>
      // Where neither of the two is there, the expression's name is what comes next.
      valueOf(filling, braced ?? plain ?? String(more[0]), standsFor, own),
  )
}

function valueOf(filling: Filling, name: string, standsFor: string | undefined, own: Texts) {
  if (Object.hasOwn(own, name)) return own[name] ?? ''
  const value = Object.hasOwn(filling.values, name) ? filling.values[name] : undefined
  // As in a shell, what is empty is as good as not set.
  if (value !== undefined && (value !== '' || standsFor === undefined)) {
    filling.holdsValues = true
    return value
  }
  if (standsFor === undefined) throw new UnsetValue(name)
  return standsFor
}

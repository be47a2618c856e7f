import { z } from 'zod'

/** What a secret or variable that an MCP server may see begins with (behaviour.md 3.3, 3.7). */
export const mcpSecretPrefix = 'COPILOT_MCP_'

const text = z.string().max(4096)
const texts = z.array(text).max(100)
const named = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_-]{0,255}$/), text)
/** Absent: all of them, as `["*"]` (behaviour.md 3.3). */
const tools = texts.exactOptional()

const LocalServer = z.looseObject({
  type: z.enum(['local', 'stdio']),
  command: text.min(1),
  args: texts,
  env: named.exactOptional(),
  tools,
})

const RemoteServer = z.looseObject({
  type: z.enum(['http', 'sse']),
  url: text.regex(/^(https?:\/\/|\$)/, 'must be an http or https URL'),
  headers: named.exactOptional(),
  tools,
})

export const McpServer = z.discriminatedUnion('type', [LocalServer, RemoteServer])
export type McpServer = z.infer<typeof McpServer>

/** MCP servers by their names. */
export const McpServers = z.record(z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/), McpServer)

const limitBytes = 64 * 1024

/**
 * A repository's MCP servers in GitHub's JSON shape (behaviour.md 3.3), and nothing beside them: no policy
 * could judge what stands there. What a text may name with a dollar sign is a secret or variable that begins
 * with `COPILOT_MCP_`; `args` may name the server's own `env` too.
 */
export const McpConfiguration = z
  .strictObject({
    mcpServers: McpServers,
  })
  .superRefine((value, context) => {
    if (new TextEncoder().encode(JSON.stringify(value)).length > limitBytes) {
      context.addIssue({ code: 'custom', message: `is larger than ${limitBytes / 1024} KiB` })
    }
    for (const [name, server] of Object.entries(value.mcpServers)) {
      for (const { path, variable } of foreignVariables(server)) {
        context.addIssue({
          code: 'custom',
          path: ['mcpServers', name, path],
          message: `names ${variable}; only what begins with ${mcpSecretPrefix} can be named`,
        })
      }
    }
  })
export type McpConfiguration = z.infer<typeof McpConfiguration>

/** The variables of a text: `$NAME`, `${NAME}`, `${NAME:-default}`. */
export function variablesIn(value: string): string[] {
  return [...value.matchAll(/\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))/g)].map(
    ([, braced, plain]) => braced ?? plain ?? '',
  )
}

function foreignVariables(server: McpServer): { path: string; variable: string }[] {
  const own = new Set(Object.keys('env' in server ? (server.env ?? {}) : {}))
  return Object.entries(server)
    .filter(([field]) => field !== 'tools' && field !== 'type')
    .flatMap(([path, value]) =>
      textsIn(value)
        .flatMap(variablesIn)
        .filter((variable) => !variable.startsWith(mcpSecretPrefix))
        .filter((variable) => path !== 'args' || !own.has(variable))
        .map((variable) => ({ path, variable })),
    )
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : []
}

import { z } from 'zod'

/** The APIs of models an agent can speak. */
export const ModelApi = z.enum(['messages', 'responses', 'chat_completions', 'generate_content'])
export type ModelApi = z.infer<typeof ModelApi>

/**
 * What may stand as `${NAME}` in an entry's texts, filled in when the agent is started. A text that is
 * nothing but a placeholder becomes the value itself, a number or a list where it is one. What
 * `apis` says of the API in use is there as well.
 */
export const agentPlaceholders = [
  'gateway',
  'model',
  'api',
  'context_window',
  'max_output_tokens',
  'ask_command',
  'ask_args',
  'questions_url',
  'mcp_config',
] as const

/** What a repository tells its agents, by where it stands. */
export const InstructionSource = z.enum([
  'AGENTS.md',
  'CLAUDE.md',
  'GEMINI.md',
  '.github/copilot-instructions.md',
  '.github/instructions',
  '.github/skills',
  '.claude/skills',
  '.agents/skills',
])
export type InstructionSource = z.infer<typeof InstructionSource>

/** A text, or JSON that is written as one. */
const Template = z.json()

const Templates = {
  args: z
    .array(Template)
    .describe('What the program is started with. What is no text is given as JSON.'),
  env: z
    .record(z.string(), Template)
    .describe('Variables for the program. What is no text is given as JSON.'),
  settings_files: z
    .record(
      z
        .string()
        .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$)).+$/, 'must be a path below the home of the agent'),
      Template,
    )
    .describe("Files written into the agent's home before it starts, by their path below it."),
  mode: z.string().min(1).describe('The session mode it is put into (`session/set_mode`).'),
}

const Npx = z.strictObject({
  package: z
    .string()
    .regex(/^(@[\w.-]+\/)?[\w.-]+@\d+\.\d+\.\d+[\w.+-]*$/, 'must be NAME@VERSION, an exact version')
    .describe('The npm package, with its exact version.'),
  args: z.array(z.string()).exactOptional().describe('Given to it, where `args` are not.'),
  env: z
    .record(z.string(), z.string())
    .exactOptional()
    .describe('Variables, under those of `env`.'),
})

const Binary = z.strictObject({
  archive: z.url({ protocol: /^https?$/ }).describe('Where it is downloaded from.'),
  cmd: z.string().describe('The program in the archive.'),
  args: z.array(z.string()).exactOptional().describe('Given to it, where `args` are not.'),
  env: z
    .record(z.string(), z.string())
    .exactOptional()
    .describe('Variables, under those of `env`.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/i, 'must be 64 hexadecimal digits')
    .exactOptional()
    .describe('Of the archive. It is not installed without: the registry has none to go by.'),
})

const Distribution = z.strictObject({
  npx: Npx.exactOptional().describe('From npm.'),
  binary: z
    .record(z.string(), Binary)
    .exactOptional()
    .describe('From an archive, by platform, like `linux-x86_64`.'),
  uvx: z
    .record(z.string(), z.json())
    .exactOptional()
    .describe('From PyPI. Errand does not install these.'),
})

/** How an agent is started and spoken to: the members of an entry that are Errand's own. */
const own = {
  command: z
    .string()
    .exactOptional()
    .describe(
      'The program inside the box, speaking ACP on its standard streams. With `distribution`, a path in what is installed; default: its one program.',
    ),
  args: Templates.args.default([]),
  env: Templates.env.default({}),
  settings_files: Templates.settings_files.default({}),
  read_only_paths: z
    .array(z.string())
    .default([])
    .describe('Folders of the host the program needs, bound read-only at the same path.'),
  asks: z
    .enum(['elicitation', 'mcp'])
    .default('elicitation')
    .describe(
      "How the agent asks its user: by ACP's elicitation, or by an MCP tool it is given for that.",
    ),
  apis: z
    .partialRecord(ModelApi, z.record(z.string(), z.string()))
    .exactOptional()
    .describe(
      'The APIs of models it speaks, and what placeholders stand for with each. Default: any.',
    ),
  authenticate: z
    .strictObject({
      method_id: z.string().describe('One of the `authMethods` it offers.'),
      meta: z.record(z.string(), Template).exactOptional().describe('Sent as `_meta`.'),
    })
    .exactOptional()
    .describe('How it is told that it is logged in, where it wants to be.'),
  mode: Templates.mode.exactOptional(),
  config_options: z
    .record(z.string(), z.union([z.string(), z.boolean()]))
    .default({})
    .describe('Its session options (`session/set_config_option`).'),
  restricted: z
    .strictObject({
      args: Templates.args.exactOptional(),
      env: Templates.env.exactOptional(),
      settings_files: Templates.settings_files.exactOptional(),
      mode: Templates.mode.exactOptional(),
    })
    .exactOptional()
    .describe(
      'What is different where `permissions.deny` names kinds of tools: an agent must ask before it can be told no.',
    ),
  loads: z
    .boolean()
    .default(true)
    .describe('Whether its `session/load` can be relied on, where it offers one.'),
  takes_mcp_servers: z
    .boolean()
    .default(true)
    .describe('Whether it starts the MCP servers that `session/new` names.'),
  runs_hooks: z
    .boolean()
    .default(false)
    .describe('Whether it runs the hooks of `.github/hooks` itself: then Errand does not.'),
  reads_instructions: z
    .array(InstructionSource)
    .default([])
    .describe(
      'What of a repository it reads by itself from its checkout. Of the rest its first prompt tells it.',
    ),
}

/** What ACP's registry says of an agent: the members of an `agent.json`. */
const registry = {
  id: z.string().exactOptional().describe('Its name in the registry.'),
  name: z.string().exactOptional().describe('Its name for people.'),
  version: z.string().exactOptional().describe('Its version.'),
  description: z.string().exactOptional().describe('What it is.'),
  license: z.string().exactOptional().describe('Its licence.'),
  repository: z.string().exactOptional().describe('Where its sources are.'),
  website: z.string().exactOptional().describe('Where it is described.'),
  authors: z.array(z.string()).exactOptional().describe('Who makes it.'),
  icon: z.string().exactOptional().describe('Its icon.'),
  distribution: Distribution.exactOptional().describe('Where it is installed from.'),
}

function hasProgram({ command, distribution }: { command?: string; distribution?: object }) {
  return command !== undefined || distribution !== undefined
}
const programRule = { message: 'must have a `command` or a `distribution`' }

/** An agent of the settings: a superset of the `agent.json` of ACP's registry. */
export const AgentEntry = z.strictObject({ ...registry, ...own }).refine(hasProgram, programRule)
export type AgentEntry = z.infer<typeof AgentEntry>

/** The same from a file: what the registry says beside it is let be. */
export const AgentFile = z.object({ ...registry, ...own }).refine(hasProgram, programRule)

/** The first placeholder of an entry that nothing is known of. */
export function unknownPlaceholder(entry: AgentEntry): string | undefined {
  const ofApis = Object.values(entry.apis ?? {}).flatMap((values) => Object.keys(values))
  const known = new Set<string>([...agentPlaceholders, ...ofApis])
  const { args, env, settings_files: files, restricted, authenticate } = entry
  const text = JSON.stringify([args, env, files, restricted, authenticate])
  const names = [...text.matchAll(/\$\{(\w*)\}/g)].map(([, name]) => name ?? '')
  return names.find((name) => !known.has(name))
}

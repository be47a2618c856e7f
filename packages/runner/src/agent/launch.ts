import { apiBetween, spokenModel } from '@errand/contract'

import type { Box } from '../box/index.ts'
import { SessionFailed } from '../failures.ts'
import type { Catalogue } from '../gateway/catalogue.ts'
import type { Run } from '../run/run.ts'
import { runInBox } from '../workspace/run-in-box.ts'
import type { AgentDescriptor } from './descriptor.ts'
import { fill, fillIn, type Template } from './fill-in.ts'

/** An agent as it is started, with nothing left to be filled in. */
export interface AgentLaunch {
  name: string
  command: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  settingsFiles: Readonly<Record<string, string>>
  mcpServers: readonly McpServer[]
  /** MCP servers that are reached by the gateway. */
  mcpEndpoints: readonly McpEndpoint[]
  authenticate?: { methodId: string; _meta?: Template }
  mode?: string
  configOptions: Readonly<Record<string, string | boolean>>
  loads: boolean
}

/** An MCP server as the agent's box reaches it. */
export interface McpEndpoint {
  name: string
  url: string
  /** The program for an agent that knows MCP on standard streams only. */
  bridge: McpServer
}

/** A program that an agent is told to start as an MCP server. */
export interface McpServer {
  name: string
  command: string
  args: string[]
  env: { name: string; value: string }[]
}

/**
 * How an agent is started in this session: its entry with the gateway, the model and what else it has to
 * know filled in.
 *
 * @param mcpNames the MCP servers that the gateway leads to
 * @throws SessionFailed model_unknown where agent and model do not fit
 */
export function composeLaunch(
  descriptor: AgentDescriptor,
  gatewayUrl: string,
  catalogue: Pick<Catalogue, 'model' | 'upstream'> | undefined,
  mcpNames: readonly string[] = [],
): AgentLaunch {
  const asks = mcpServersFor(descriptor, gatewayUrl)
  const endpoints = mcpEndpointsFor(descriptor, gatewayUrl, mcpNames)
  const plain = valuesFor(descriptor, gatewayUrl, catalogue)
  const values = { ...plain, mcp_config: mcpConfigOf(asks, endpoints) }
  const all = (templates: Readonly<Record<string, Template>>) =>
    Object.fromEntries(
      Object.entries(templates).map(([name, template]) => [name, fillIn(template, values)]),
    )
  const { authenticate, mode } = descriptor
  return {
    name: descriptor.name,
    command: descriptor.command,
    args: descriptor.args.map((template) => fillIn(template, values)),
    env: { ...ownVariables(plain), ...all(descriptor.env) },
    settingsFiles: all(descriptor.settingsFiles),
    mcpServers: descriptor.takesMcpServers ? asks : [],
    mcpEndpoints: descriptor.takesMcpServers ? endpoints : [],
    ...(authenticate === undefined
      ? {}
      : {
          authenticate: {
            methodId: authenticate.method_id,
            ...(authenticate.meta === undefined ? {} : { _meta: fill(authenticate.meta, values) }),
          },
        }),
    ...(mode === undefined ? {} : { mode }),
    configOptions: descriptor.configOptions,
    loads: descriptor.loads,
  }
}

/** Whether the agent is told of MCP servers, by the protocol or by its entry. */
export function mayUseMcp({ takesMcpServers, args, env, settingsFiles }: AgentDescriptor): boolean {
  return takesMcpServers || JSON.stringify([args, env, settingsFiles]).includes('${mcp_config}')
}

/** What stands for itself in a text. */
type PlainValues = Readonly<Record<string, string | number | readonly string[] | undefined>>

function valuesFor(
  { name, apis, askServer }: AgentDescriptor,
  gatewayUrl: string,
  catalogue: Pick<Catalogue, 'model' | 'upstream'> | undefined,
): PlainValues {
  const always = {
    gateway: gatewayUrl,
    questions_url: questionsUrl(gatewayUrl),
    ask_command: askServer?.command,
    ask_args: askServer?.args,
  }
  if (catalogue === undefined) return always
  const { model, upstream } = catalogue
  const api = apiBetween(apis === undefined ? {} : { apis }, spokenModel(model, upstream))
  if (api === undefined) {
    const message = `The agent ${name} cannot speak to the model ${model.id}: it knows ${Object.keys(apis ?? {}).join(', ')}.`
    throw new SessionFailed('model_unknown', message)
  }
  return {
    ...always,
    wire: upstream.wire,
    api,
    model: model.id,
    context_window: model.context_window,
    max_output_tokens: model.max_output_tokens,
    ...apis?.[api],
  }
}

/**
 * What every agent finds in its environment: where its model is, as its box reaches it, and what the
 * model can take.
 */
function ownVariables({
  gateway,
  wire,
  api,
  model,
  ...sizes
}: PlainValues): Record<string, string> {
  const always = { ERRAND_GATEWAY_URL: String(gateway) }
  if (model === undefined) return always
  return {
    ...always,
    ERRAND_MODEL_URL: `${String(gateway)}/${String(wire)}/${wire === 'gemini' ? 'v1beta' : 'v1'}`,
    ERRAND_MODEL_API: String(api),
    ERRAND_MODEL: String(model),
    ERRAND_CONTEXT_WINDOW: String(sizes.context_window),
    ERRAND_MAX_OUTPUT_TOKENS: String(sizes.max_output_tokens),
  }
}

function questionsUrl(gatewayUrl: string): string {
  return `${gatewayUrl}/questions`
}

/** The tool that records a question and does not wait, for agents that cannot ask otherwise. */
function mcpServersFor({ askServer }: AgentDescriptor, gatewayUrl: string): McpServer[] {
  if (askServer === undefined) return []
  return [
    {
      // Not `ask_user`: there is an agent that drops any tool of that name.
      name: 'errand',
      command: askServer.command,
      args: [...askServer.args],
      env: [{ name: 'ERRAND_QUESTIONS_URL', value: questionsUrl(gatewayUrl) }],
    },
  ]
}

function mcpEndpointsFor(
  { mcpBridge: { command, args } }: AgentDescriptor,
  gatewayUrl: string,
  names: readonly string[],
): McpEndpoint[] {
  return names.map((name) => {
    const url = `${gatewayUrl}/mcp/${name}`
    const env = [{ name: 'ERRAND_MCP_URL', value: url }]
    return { name, url, bridge: { name, command, args: [...args], env } }
  })
}

/** All of them in GitHub's JSON shape, for agents that are told of them by a file or an argument. */
function mcpConfigOf(asks: readonly McpServer[], endpoints: readonly McpEndpoint[]): Template {
  const tools = ['*']
  const programs = asks.map(({ name, command, args, env }) => {
    const variables = Object.fromEntries(env.map(({ name, value }) => [name, value]))
    return [name, { type: 'local', command, args, env: variables, tools }] as const
  })
  const others = endpoints.map(({ name, url }) => [name, { type: 'http', url, tools }] as const)
  return { mcpServers: Object.fromEntries([...programs, ...others]) }
}

/**
 * Writes what the agent is to find in its home. Inside the box, since its home is the agent's: there may
 * be links in it by now, and they must lead nowhere else. At each start, since the gateway's address is
 * another one each time.
 *
 * @throws SessionFailed workspace_failed
 */
export async function writeSettingsFiles(
  run: Run,
  box: Box,
  { settingsFiles, name }: AgentLaunch,
): Promise<void> {
  if (Object.keys(settingsFiles).length === 0) return
  await runInBox(run, box, [process.execPath, '-e', writeFiles], {
    failure: 'workspace_failed',
    what: `The settings of the agent ${name} could not be written`,
    input: JSON.stringify(settingsFiles),
    timeoutMs: 60_000,
  })
}

/** What is there is taken away first: an earlier agent may have left a link or a folder. */
const writeFiles = `
const { mkdirSync, readFileSync, rmSync, writeFileSync } = require('node:fs')
const { dirname, join } = require('node:path')
for (const [path, text] of Object.entries(JSON.parse(readFileSync(0, 'utf8')))) {
  const file = join(require('node:os').homedir(), path)
  mkdirSync(dirname(file), { recursive: true })
  rmSync(file, { recursive: true, force: true })
  writeFileSync(file, text)
}`

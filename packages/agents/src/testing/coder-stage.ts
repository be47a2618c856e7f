import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type {
  CreateElicitationRequest,
  CreateElicitationResponse,
  McpServer,
  RequestPermissionRequest,
} from '@agentclientprotocol/sdk'
import { afterEach, beforeEach } from 'vitest'
import { builtinPrograms } from '../index.ts'
import {
  startScriptedModel,
  type ModelApi,
  type Reply,
  type Script,
  type ScriptedModel,
} from './scripted-model.ts'
import { startAgent, type StartedAgent, type ToldHook } from './start-agent.ts'

export interface CoderStart {
  api?: ModelApi
  env?: Record<string, string>
  mcpServers?: McpServer[]
  answer?: (question: CreateElicitationRequest) => Promise<CreateElicitationResponse>
  permit?: (request: RequestPermissionRequest) => string | undefined
  hook?: (told: ToldHook) => object
}

/** The coder's real program, in a workspace and a home of its own, with a scripted model. */
export interface CoderStage {
  workspace: string
  home: string
  model: ScriptedModel
  agent: StartedAgent
  /** Starts the coder and begins a session. */
  start(script: Script | Reply[], options?: CoderStart): Promise<string>
  /** Starts another process of it, with the same model. */
  restart(options?: CoderStart): Promise<void>
  path(name: string): string
  /** The result of a tool that the model was given for its nth answer, from 1. */
  resultOf(answer: number): string | undefined
}

/** Sets the stage before each test of a file, and clears it after. */
export function useCoder(): CoderStage {
  // Filled before each test, and by `start`.
  const stage = {} as CoderStage
  const started: AsyncDisposable[] = []
  beforeEach(async () => {
    stage.workspace = await mkdtemp(join(tmpdir(), 'errand-coder-'))
    stage.home = await mkdtemp(join(tmpdir(), 'errand-home-'))
  })
  afterEach(async () => {
    for (const thing of started.splice(0).toReversed()) await thing[Symbol.asyncDispose]()
    await rm(stage.workspace, { recursive: true, force: true })
    await rm(stage.home, { recursive: true, force: true })
  })
  async function restart({
    api = 'chat_completions',
    env,
    mcpServers = [],
    answer,
    permit,
    hook,
  }: CoderStart = {}) {
    stage.agent = await startAgent({
      entry: builtinPrograms.agents.coder.entry,
      cwd: stage.workspace,
      home: stage.home,
      env: { ...stage.model.env(api), ...env },
      mcpServers,
      ...(answer === undefined ? {} : { answer }),
      ...(permit === undefined ? {} : { permit }),
      ...(hook === undefined ? {} : { hook }),
    })
    started.push(stage.agent)
  }
  return Object.assign(stage, {
    async start(script: Script | Reply[], options?: CoderStart) {
      stage.model = await startScriptedModel(script)
      started.push(stage.model)
      await restart(options)
      return stage.agent.begin()
    },
    restart,
    path: (name: string) => join(stage.workspace, name),
    resultOf: (answer: number) => stage.model.turns.find(({ index }) => index === answer)?.result,
  })
}

export const finish = (title = 'Done', body = 'All of it.'): Reply => ({
  call: [['finish', { title, body }]],
})
export const bash = (command: string, options: object = {}): Reply => ({
  call: [['bash', { command, ...options }]],
})
export const call = (name: string, input: object): Reply => ({ call: [[name, input]] })
export const accept = (answer: string): CreateElicitationResponse => ({
  action: 'accept',
  content: { answer },
})

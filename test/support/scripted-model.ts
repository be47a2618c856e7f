import { LLMock, type ChatCompletionRequest, type FixtureResponse } from '@copilotkit/aimock'

/** What a script knows when it is asked for the model's next turn. */
export interface Turn {
  /** How many turns the model has taken in this conversation: 0 at first. */
  index: number
  model: string
  /** All that system and user said, in order: what a script tells conversations apart by. */
  prompt: string
  /** What the tool called last gave back, if the conversation ends with that. */
  result: string
  /** The names of the tools the agent offers. */
  tools: string[]
}

/** The model's turn: text, calls of tools, or an error of the upstream. */
export type Reply =
  | { say: string }
  | { call: [name: string, input: object][]; say?: string; think?: string }
  | { fail: number; message: string }

export type Script = (turn: Turn) => Reply | Promise<Reply>

export type ModelApi = 'messages' | 'responses' | 'chat_completions' | 'generate_content'

export interface ScriptedModel extends AsyncDisposable {
  url: string
  /** Every turn asked for, in order. */
  turns: Turn[]
  /** What it counted for each of them, in the same order. */
  sent: Tokens[]
  /** The settings that make it the model `scripted`, spoken to by the API given. */
  settings(api?: ModelApi): object
}

export interface Tokens {
  input: number
  output: number
}

export interface ScriptedModelOptions {
  /** What it counts for each turn, or for the turn of a number from 1 on. Default: nothing. */
  tokens?: Tokens | ((turn: number) => Tokens)
}

/** The key that only the gateway may know; the agent's box must never show it. */
export const scriptedModelKey = 'key-of-the-scripted-model'
export const scriptedModelKeyVariable = 'SCRIPTED_MODEL_KEY'

/**
 * A model that follows a script, behind a server that speaks the real wire formats: Anthropic's
 * Messages, OpenAI's Responses and Chat Completions, Gemini's generateContent, streaming. A list of replies is given turn by
 * turn, the last one again and again.
 */
export async function startScriptedModel(
  script: Script | Reply[],
  { tokens }: ScriptedModelOptions = {},
): Promise<ScriptedModel> {
  const turns: Turn[] = []
  const sent: Tokens[] = []
  const play = typeof script === 'function' ? script : inOrder(script)
  const server = new LLMock({
    host: '127.0.0.1',
    port: 0,
    chunkSize: 12,
    strict: true,
    // Who comes without the key is refused: only the gateway has it.
    auth: { apiKeys: [scriptedModelKey] },
  })
  server.on({}, async (request) => {
    const turn = readTurn(request)
    turns.push(turn)
    const counted = typeof tokens === 'function' ? tokens(turns.length) : tokens
    const fixture = toFixture(await play(turn))
    if ('error' in fixture || counted === undefined) return fixture
    sent.push(counted)
    return { ...fixture, usage: usageOf(counted) }
  })
  const url = await server.start()
  return {
    url,
    turns,
    sent,
    settings: (api = 'messages') => settingsFor(url, api),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** How `coder` ends a task: with what becomes the text of the pull request. */
export function finish(title: string, body = 'Done as asked.'): Reply {
  return { call: [['finish', { title, body }]] }
}

function inOrder(replies: Reply[]): Script {
  return ({ index }) => {
    const reply = replies[Math.min(index, replies.length - 1)]
    if (reply === undefined) throw new Error('the script has no reply')
    return reply
  }
}

function readTurn({ model, messages, tools }: ChatCompletionRequest): Turn {
  const last = messages.at(-1)
  const prompts = messages.filter(({ role }) => role === 'system' || role === 'user')
  return {
    index: messages.filter((message, at) => isTurn(message, messages[at - 1])).length,
    model,
    prompt: prompts.map(({ content }) => textOf(content)).join('\n'),
    result: last?.role === 'tool' ? resultOf(textOf(last.content)) : '',
    tools: (tools ?? []).map((tool) => tool.function.name),
  }
}

type Message = ChatCompletionRequest['messages'][number]

/** The Responses API has an item for each text and each call: together they are one turn. */
function isTurn(message: Message, before: Message | undefined): boolean {
  return message.role === 'assistant' && before?.role !== 'assistant'
}

/** Gemini's wire has an object for it, and the AI SDK puts the text in there beside the name of the tool. */
function resultOf(text: string): string {
  const [, content] = /^\{"name":"[^"]*","content":("(?:[^"\\]|\\.)*")\}$/s.exec(text) ?? []
  return content === undefined ? text : (JSON.parse(content) as string)
}

function textOf(content: Message['content']): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => part.text ?? '').join('')
}

function toFixture(reply: Reply): FixtureResponse {
  if ('fail' in reply) return { error: { message: reply.message }, status: reply.fail }
  if (!('call' in reply)) return { content: reply.say }
  const toolCalls = reply.call.map(([name, input]) => ({ name, arguments: JSON.stringify(input) }))
  return {
    toolCalls,
    ...(reply.say !== undefined && { content: reply.say }),
    ...(reply.think !== undefined && { reasoning: reply.think }),
  }
}

/** In the words of each wire. */
function usageOf({ input, output }: Tokens) {
  return {
    input_tokens: input,
    output_tokens: output,
    prompt_tokens: input,
    completion_tokens: output,
  }
}

const wires = {
  messages: 'anthropic',
  responses: 'openai',
  chat_completions: 'openai',
  generate_content: 'gemini',
} as const satisfies Record<ModelApi, string>

function settingsFor(url: string, api: ModelApi): object {
  const base = api === 'generate_content' ? 'v1beta' : 'v1'
  return {
    upstreams: {
      scripted: {
        wire: wires[api],
        base_url: `${url}/${base}`,
        api_key_env: scriptedModelKeyVariable,
      },
    },
    models: [{ id: 'scripted', upstream: 'scripted', api }],
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import { LLMock, type ChatCompletionRequest, type FixtureResponse } from '@copilotkit/aimock'

/** What a script knows when it is asked for the model's next turn. */
export interface ModelTurn {
  /** How many answers of the model the question holds: 0 at first. */
  index: number
  /** How many questions were asked before this one, of any conversation. */
  count: number
  system: string
  /** What users said last. */
  user: string
  /** The result of the tool called last, if the question ends with that. */
  result: string
  /** The names of the tools offered. */
  tools: string[]
  maxTokens: number | undefined
  /** The question in full, as text. */
  text: string
}

/** The model's turn. `input` of a call may be a text that is no JSON. */
export interface Reply {
  say?: string
  think?: string
  call?: [name: string, input: object | string][]
  /** Ends as cut off at the longest answer. */
  isTooLong?: boolean
  /** Breaks off after some of what it says. */
  breaksOff?: boolean
  /** What is sent in place of the answer's events, which come as its API has them. */
  sends?: (events: string[]) => string[]
  /** Answers with this status instead. */
  fail?: number
  /** The error's code or type, as its API names it. */
  code?: string
  retryAfter?: number
  /** Tokens it counts. Default: one for four characters. */
  counts?: { input: number; output: number }
}

export type Script = (turn: ModelTurn) => Reply

export const modelApis = ['messages', 'responses', 'chat_completions', 'generate_content'] as const
export type ModelApi = (typeof modelApis)[number]

export interface ScriptedModel extends AsyncDisposable {
  /** Every question asked, in order. */
  turns: ModelTurn[]
  /** Headers and body of every question. */
  requests(): { path: string; headers: Record<string, string>; body: unknown }[]
  /** What the coder is started with to use it. */
  env(api: ModelApi): Record<string, string>
}

/**
 * A model that follows a script, behind a server that speaks the real wire formats. A list of replies
 * is given answer by answer, the last one again and again.
 */
export async function startScriptedModel(script: Script | Reply[]): Promise<ScriptedModel> {
  const play = typeof script === 'function' ? script : inOrder(script)
  const turns: ModelTurn[] = []
  const replies = new WeakMap<ChatCompletionRequest, Reply>()
  function replyTo(request: ChatCompletionRequest): Reply {
    const known = replies.get(request)
    if (known !== undefined) return known
    const turn = readTurn(request, turns.length)
    turns.push(turn)
    const reply = play(turn)
    replies.set(request, reply)
    return reply
  }
  const server = new LLMock({ host: '127.0.0.1', port: 0, chunkSize: 12, strict: true })
  const answer = (request: ChatCompletionRequest) =>
    toFixture({ counts: countTokens(request), ...replyTo(request) })
  const breaksOff = (request: ChatCompletionRequest) => replyTo(request).breaksOff === true
  server.on({ predicate: breaksOff }, answer, { truncateAfterChunks: 4 })
  server.on({}, answer)
  const sendOther = sendOtherEvents((asked) => {
    const entry = server.getRequests().findLast(({ headers }) => headers[askedHeader] === asked)
    // It is the very object that was given to the script; undefined for what is no question.
    return replies.get(entry?.body as ChatCompletionRequest)?.sends
  })
  for (const path of ['/v1', '/v1beta']) server.mount(path, sendOther)
  const url = await server.start()
  return {
    turns,
    requests: () =>
      server.getRequests().map(({ path, headers, body }) => ({ path, headers, body })),
    env: (api) => ({
      ERRAND_MODEL_URL: `${url}/${api === 'generate_content' ? 'v1beta' : 'v1'}`,
      ERRAND_MODEL_API: api,
      ERRAND_MODEL: 'scripted',
      ERRAND_CONTEXT_WINDOW: '128000',
      ERRAND_MAX_OUTPUT_TOKENS: '16000',
    }),
    [Symbol.asyncDispose]: () => server.stop(),
  }
}

/** Tells the questions apart where the server has only what was sent. */
const askedHeader = 'x-asked'

/** Stands before the server's own routes: has the events of an answer held back, and others sent. */
function sendOtherEvents(sendsOf: (asked: string) => Reply['sends']) {
  let count = 0
  return {
    async handleRequest(request: IncomingMessage, response: ServerResponse): Promise<boolean> {
      const asked = String((count += 1))
      request.headers[askedHeader] = asked
      const write = response.write.bind(response)
      const end = response.end.bind(response)
      let held = ''
      response.write = (chunk: string) => {
        if (sendsOf(asked) === undefined) return write(chunk)
        held += chunk
        return true
      }
      response.end = (chunk?: unknown) => {
        const events = (held + (typeof chunk === 'string' ? chunk : '')).split(/(?<=\n\n)/)
        return end((sendsOf(asked)?.(events) ?? events).join(''))
      }
      return false
    },
  }
}

function inOrder(replies: Reply[]): Script {
  return ({ index }) => {
    const reply = replies[Math.min(index, replies.length - 1)]
    if (reply === undefined) throw new Error('the script has no reply')
    return reply
  }
}

function readTurn(request: ChatCompletionRequest, count: number): ModelTurn {
  const { messages, tools } = request
  const last = messages.at(-1)
  const user = messages.findLast(({ role }) => role === 'user')
  return {
    // Responses have an item for each text and each call: together they are one answer.
    index: messages.filter(
      ({ role }, at) => role === 'assistant' && messages[at - 1]?.role !== 'assistant',
    ).length,
    count,
    system: messages
      .filter(({ role }) => role === 'system')
      .map(({ content }) => textOf(content))
      .join('\n'),
    user: user === undefined ? '' : textOf(user.content),
    result: last?.role === 'tool' ? resultOf(textOf(last.content)) : '',
    tools: (tools ?? []).map((tool) => tool.function.name),
    maxTokens: request.max_tokens,
    text: messages.map(({ content }) => textOf(content)).join('\n'),
  }
}

/** Gemini's wire has an object for it, and the AI SDK puts the text in there beside the name of the tool. */
function resultOf(text: string): string {
  const [, content] = /^\{"name":"[^"]*","content":("(?:[^"\\]|\\.)*")\}$/s.exec(text) ?? []
  return content === undefined ? text : (JSON.parse(content) as string)
}

function textOf(content: ChatCompletionRequest['messages'][number]['content']): string {
  if (typeof content === 'string') return content
  return (content ?? []).map((part) => part.text ?? '').join('')
}

function countTokens(request: ChatCompletionRequest): { input: number; output: number } {
  return { input: Math.ceil(JSON.stringify(request).length / 4), output: 10 }
}

function toFixture(reply: Reply): FixtureResponse {
  const { say, think, call, isTooLong, fail, code, retryAfter, counts } = reply
  if (fail !== undefined) {
    const error = {
      message: `scripted ${fail}`,
      ...(code === undefined ? {} : { code, type: code }),
    }
    return { error, status: fail, ...(retryAfter === undefined ? {} : { retryAfter }) }
  }
  const rest = {
    ...(think === undefined ? {} : { reasoning: think }),
    ...(isTooLong === true ? { finishReason: 'length' } : {}),
    ...(counts === undefined
      ? {}
      : {
          // Each API calls them by other names.
          usage: {
            prompt_tokens: counts.input,
            completion_tokens: counts.output,
            input_tokens: counts.input,
            output_tokens: counts.output,
          },
        }),
  }
  if (call === undefined) return { content: say ?? '', ...rest }
  const toolCalls = call.map(([name, input]) => ({
    name,
    arguments: typeof input === 'string' ? input : JSON.stringify(input),
  }))
  return say === undefined ? { toolCalls, ...rest } : { content: say, toolCalls, ...rest }
}

import {
  streamText,
  type AssistantModelMessage,
  type FinishReason,
  type ModelMessage,
  type ToolSet,
} from 'ai'
import { BrokenAnswer } from './model-error.ts'
import type { Model } from './open-model.ts'

export interface Question {
  instructions: string
  messages: ModelMessage[]
  /** Without a way to be executed: that is done by the turn. */
  tools: ToolSet
  /** `none`: it may use none of them now. Default: as it likes. */
  toolChoice?: 'none'
  maxOutputTokens: number
}

/** A call of a tool as the model wrote it: nothing of it has been checked. */
export interface ToolCall {
  id: string
  name: string
  input: unknown
}

export interface Answer {
  /** What is to be kept in the conversation. */
  messages: AssistantModelMessage[]
  text: string
  calls: ToolCall[]
  /** `length`: the answer was cut off at `maxOutputTokens`. */
  finishReason: FinishReason
  /** As the server has it. */
  rawFinishReason?: string
  /** Absent where the server does not tell. */
  inputTokens?: number
  outputTokens?: number
}

export interface Listener {
  onText(delta: string): Promise<void>
  onReasoning(delta: string): Promise<void>
}

/** Ends of a whole answer in words of text-generation-inference, which the library does not know. */
const wholeEnds = new Set(['eos_token', 'stop_sequence'])

/**
 * Asks the model once, and hears the answer as it comes.
 *
 * @throws what model-error.ts knows to tell apart
 */
export async function callModel(
  model: Model,
  question: Question,
  listener: Listener,
  signal: AbortSignal,
): Promise<Answer> {
  const { instructions, tools, toolChoice, maxOutputTokens } = question
  const result = streamText({
    model: model.language,
    instructions: model.markRepeated({ role: 'system', content: instructions }),
    messages: markLast(model, question.messages),
    tools,
    ...(toolChoice === undefined ? {} : { toolChoice }),
    maxOutputTokens,
    providerOptions: model.options,
    // Retried by withRetries, which also knows of answers that break off.
    maxRetries: 0,
    abortSignal: signal,
    // Errors are parts of the stream, below; the default would print them too.
    onError: () => undefined,
  })
  for await (const part of result.stream) {
    if (part.type === 'text-delta') await listener.onText(part.text)
    else if (part.type === 'reasoning-delta') await listener.onReasoning(part.text)
    else if (part.type === 'error') throw part.error
  }
  signal.throwIfAborted()

  const step = await result.finalStep
  // The connection ended as it does after a whole answer, without the answer having said that it ends.
  if (step.finishReason === 'interrupted') {
    throw new BrokenAnswer('The answer broke off before its end')
  }
  const finishReason = wholeEnds.has(step.rawFinishReason ?? '') ? 'stop' : step.finishReason
  const { inputTokens, outputTokens } = step.usage
  return {
    // Tool messages are only there for calls the library did not like; the turn answers all of them.
    messages: step.response.messages.filter((message) => message.role === 'assistant'),
    text: step.text,
    calls: step.toolCalls.map(({ toolCallId, toolName, input }) => ({
      id: toolCallId,
      name: toolName,
      input,
    })),
    finishReason,
    ...(step.rawFinishReason === undefined ? {} : { rawFinishReason: step.rawFinishReason }),
    ...(inputTokens === undefined ? {} : { inputTokens }),
    ...(outputTokens === undefined ? {} : { outputTokens }),
  }
}

function markLast(model: Model, messages: ModelMessage[]): ModelMessage[] {
  return messages.map((message, at) =>
    at === messages.length - 1 ? model.markRepeated(message) : message,
  )
}

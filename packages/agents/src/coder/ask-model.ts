import { callModel, type Answer, type Listener, type Question } from './model/call-model.ts'
import {
  BrokenAnswer,
  describeModelError,
  isSpendingRefusal,
  SpendingRefused,
} from './model/model-error.ts'
import { withRetries } from './model/with-retries.ts'
import type { Turn } from './turn.ts'

const nobody = async () => undefined
const deaf: Listener = { onText: nobody, onReasoning: nobody }

/**
 * Asks the model, again where that may help, and counts what it took. Every question of a turn goes
 * through here, whoever has it. An empty answer is asked for again once: the same question mostly has
 * the same answer.
 *
 * @param listener who hears the answer as it comes. Default: nobody
 * @throws SpendingRefused when no more may be spent, and what model-error.ts knows to tell apart
 */
export async function askModel(
  turn: Turn,
  question: Question,
  listener: Listener = deaf,
): Promise<Answer> {
  let wasEmpty = false
  const attempt = async () => {
    const answer = await callModel(turn.model, question, listener, turn.signal)
    turn.spent.tokens += (answer.inputTokens ?? 0) + (answer.outputTokens ?? 0)
    if (isFailed(answer)) {
      throw new BrokenAnswer(
        `The answer failed (${answer.rawFinishReason ?? 'it does not say why'})`,
      )
    }
    if (isEmpty(answer) && !wasEmpty) {
      wasEmpty = true
      throw new BrokenAnswer('The answer was empty')
    }
    return answer
  }
  try {
    return await withRetries(attempt, retrying(turn))
  } catch (error) {
    if (isSpendingRefusal(error)) throw new SpendingRefused(describeModelError(error), error)
    throw error
  }
}

/** Whether a model says that it is done, and nothing else. Anthropic's do so after results of tools. */
export function isEmpty({ text, calls, finishReason }: Answer): boolean {
  return text.trim() === '' && calls.length === 0 && finishReason === 'stop'
}

/** Whether it ended for a reason that makes it no answer, like a call that the server could not read. */
function isFailed({ calls, finishReason }: Answer): boolean {
  return calls.length === 0 && (finishReason === 'error' || finishReason === 'other')
}

/** Tells the user of each time it is tried again. */
function retrying({ client, signal }: Turn) {
  return {
    signal,
    onRetry: (error: unknown, delayMs: number) =>
      client.think(
        `${describeModelError(error)}; trying again in ${Math.ceil(delayMs / 1000)} s.\n`,
      ),
  }
}

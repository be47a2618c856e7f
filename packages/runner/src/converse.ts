import { scriptModelId } from '@errand/contract'
import { recordAgentSession, takeMessages } from '@errand/core'

import type { AgentNotes } from './agent-notes.ts'
import { composeAnswerPrompt, lastAnswer } from './agent/first-prompt.ts'
import type { Agent, Turn } from './agent/start-agent.ts'
import type { ToolCalls } from './agent/tool-calls.ts'
import { SessionFailed } from './failures.ts'
import type { Questions } from './questions.ts'
import type { Run } from './run/run.ts'
import { type SteeredTurn, steerTurn } from './steer-turn.ts'

/** How often hooks can have an agent go on that has come to its end. */
const mostStopped = 3

/** How a conversation ended, when it did not fail. */
export interface Finished {
  report?: Turn['report']
  /** Set when the agent stopped before it was done. */
  note?: string
}

export interface Conversation {
  questions: Questions
  notes: AgentNotes
  toolCalls: ToolCalls
  onTurnOver: () => void
  /** What the agent's home remembers. Undefined where that is a new one. */
  earlierId: string | undefined
  /** It goes on to mend its work: no answer is waited for. */
  isMending: boolean
  /** The agent has nothing more to do and nobody more to say: what it is to hear all the same, if anything. */
  onStop: (stopReason: Turn['stopReason']) => Promise<string | undefined>
  /** The prompt that begins a conversation, or that goes on with one that the agent remembers. */
  composePrompt: (mode: { remembers: boolean }) => Promise<string>
}

/**
 * Talks with the agent until it has nothing more to do and the user nothing more to say: turn by turn,
 * each begun by a prompt, an answer or a message of the user. `put_away` when a question was not
 * answered in time: the session is then no longer this runner's.
 */
export async function converse(
  run: Run,
  agent: Agent,
  conversation: Conversation,
): Promise<Finished | 'put_away'> {
  const { questions, notes } = conversation
  const begun = await begin(run, agent, conversation)
  questions.conversationId = begun.conversationId
  let prompt: string | undefined = begun.prompt
  let finished: Finished = {}
  let stopsLeft = mostStopped
  const onStop: Conversation['onStop'] = async (stopReason) => {
    if (stopsLeft === 0) return undefined
    const more = await conversation.onStop(stopReason)
    if (more !== undefined) stopsLeft -= 1
    return more
  }
  while (prompt !== undefined) {
    const said = [...notes.take(), prompt].join('\n\n')
    const turn = await takeTurn(run, agent, conversation, said)
    if (turn === 'put_away') return 'put_away'
    await run.recorder.flush()
    finished = judge(turn)
    const next = await nextPrompt(run, questions, turn, onStop)
    if (next === 'put_away') return 'put_away'
    prompt = next?.prompt
  }
  return finished
}

/** One turn, with what the user says meanwhile. */
async function takeTurn(
  run: Run,
  agent: Agent,
  { questions, notes, toolCalls, onTurnOver }: Conversation,
  prompt: string,
): Promise<SteeredTurn | 'put_away'> {
  const { conversationId } = questions
  await using steering = steerTurn(run, agent, { questions, notes, toolCalls })
  const turn = await Promise.race([agent.prompt(conversationId, prompt), questions.whenPutAway])
  if (turn === 'put_away') return 'put_away'
  onTurnOver()
  return { ...turn, ...(await steering.end(turn.unheard)) }
}

/** Takes up the conversation the agent had if there is one and the agent knows it; else begins one. */
async function begin(
  run: Run,
  agent: Agent,
  { earlierId, isMending, composePrompt }: Conversation,
): Promise<{ conversationId: string; prompt: string }> {
  const { store } = run.context
  const { replay, session } = run.lease
  const resume = run.lease.resume && !isMending
  if (earlierId !== undefined && agent.canLoad && (await agent.load(earlierId))) {
    if (resume) {
      const { question, answer } = lastAnswer(replay)
      return { conversationId: earlierId, prompt: composeAnswerPrompt(question, answer) }
    }
    await recordAgentSession(store, run.lease, earlierId)
    return { conversationId: earlierId, prompt: await composePrompt({ remembers: true }) }
  }
  // A script is told nothing but itself.
  if (resume || isMending || (session.number > 1 && session.agent !== scriptModelId)) {
    await run.say('The agent cannot take its conversation up again: it is told anew.')
  }
  const conversationId = await agent.begin()
  await recordAgentSession(store, run.lease, conversationId)
  return { conversationId, prompt: await composePrompt({ remembers: false }) }
}

/** What the agent is to hear next; undefined when there is nothing. */
async function nextPrompt(
  run: Run,
  questions: Questions,
  { unheard, stopReason }: SteeredTurn,
  onStop: Conversation['onStop'],
): Promise<{ prompt: string } | 'put_away' | undefined> {
  const { store } = run.context
  if (unheard.length > 0) return { prompt: unheard.join('\n\n') }
  // Broken off for a note of ours, which is put before this.
  if (stopReason === 'cancelled') return { prompt: 'Go on with your work.' }
  for (;;) {
    // Asked by the tool that does not wait: the answer comes as the next prompt.
    if (questions.open !== undefined) {
      const answer = await questions.answerTo(questions.open)
      return answer === undefined ? 'put_away' : { prompt: answer }
    }
    const messages = await takeMessages(store, run.lease)
    if (messages.length > 0) {
      return { prompt: messages.map(({ content }) => content).join('\n\n') }
    }
    const more = await onStop(stopReason)
    if (more !== undefined) return { prompt: more }
    if (await questions.close()) return undefined
  }
}

function judge({ stopReason, report, isCancelled }: SteeredTurn): Finished {
  if (stopReason === 'refusal') {
    throw new SessionFailed('agent_refused', 'The model refused to work on this prompt.')
  }
  if (stopReason === 'cancelled') {
    if (isCancelled) return {}
    throw new SessionFailed('agent_failed', 'The agent broke off its turn by itself.')
  }
  return {
    ...(report === undefined ? {} : { report }),
    ...(stopReason === 'end_turn' ? {} : { note: notes[stopReason] }),
  }
}

const notes = {
  max_tokens: 'The agent reached its limit of tokens: the work may be unfinished.',
  max_turn_requests: 'The agent reached its limit of steps: the work may be unfinished.',
}

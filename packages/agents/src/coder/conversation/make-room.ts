import type { ModelMessage } from 'ai'
import type { CoderSettings } from '../settings.ts'
import type { Conversation } from './conversation.ts'
import { charactersOf, estimateTokens, questionRoom } from './estimate.ts'
import type { FactLimits } from './keep-facts.ts'
import { pruneResults } from './prune.ts'
import { writeTranscript } from './transcript.ts'

/** How full the room for a question may get before something is done about it. */
const fullShare = 0.85
/** What pruning has to reach, so that it is not needed again at once: each time costs the cache. */
const prunedShare = 0.6
/** What is kept word for word of the end. */
const recentShare = 0.25
/** What the user's words and the diff may take up of it. */
const saidShare = 0.08
const diffShare = 0.15

export interface RoomMaking {
  settings: CoderSettings
  /** Tokens of the instructions and the tools, as estimated. */
  fixedTokens: number
  /** Summarises a transcript. */
  summarise: (transcript: string) => Promise<string>
  /** What is kept beside the summary, whatever that says. */
  facts: (limits: FactLimits) => Promise<string>
}

/**
 * Shortens a conversation that is about to outgrow the model's window: first results of tools are
 * left out, then what came before the last steps is replaced by a summary and the facts of the record. The
 * task stays as it is.
 *
 * @param isRefused the model did refuse it as it is: shorten it in any case
 * @returns whether anything was changed
 */
export async function makeRoom(
  conversation: Conversation,
  making: RoomMaking,
  isRefused = false,
): Promise<boolean> {
  const room = questionRoom(making.settings)
  const share = () =>
    ((making.fixedTokens + estimateTokens(conversation.messages)) * conversation.token_scale) / room
  if (share() < fullShare && !isRefused) return false
  const end = recentStart(conversation, room * recentShare)
  const before = estimateTokens(conversation.messages)
  pruneResults(conversation.messages, end)
  if (share() < prunedShare && !isRefused) return true
  await summariseBefore(conversation, end, making)
  return estimateTokens(conversation.messages) < before
}

/** The first of the last messages that are kept: one the model or the user begins with. */
function recentStart({ messages, token_scale }: Conversation, tokens: number): number {
  let length = 0
  let start = messages.length
  for (let at = messages.length - 1; at > 0; at -= 1) {
    const message = messages[at]
    length += estimateTokens(message) * token_scale
    if (length > tokens && start < messages.length) break
    // A result cannot stand without its call.
    if (message?.role !== 'tool') start = at
  }
  return start
}

async function summariseBefore(
  conversation: Conversation,
  end: number,
  { settings, summarise, facts }: RoomMaking,
): Promise<void> {
  const [task, ...older] = conversation.messages.slice(0, end)
  // The summary of before is not worth another one.
  if (task === undefined || older.length < 2) return
  // Half of the room: the transcript is estimated too, and the summary has to be written beside it.
  const summary = await summarise(writeTranscript([task, ...older], charactersOf(settings, 0.5)))
  const limits = {
    said: charactersOf(settings, saidShare),
    diff: charactersOf(settings, diffShare),
  }
  const note: ModelMessage = {
    role: 'user',
    content: `[What was said and done since is left out to save room.]\n\nSummary:\n${summary}\n\n${await facts(limits)}`,
  }
  conversation.messages.splice(0, end, task, note)
  // Notes shown with what was left out are gone; they are shown again where they apply.
  conversation.shown_notes = []
}

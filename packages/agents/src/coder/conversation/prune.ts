import type { ModelMessage } from 'ai'

/** Shorter results are not worth a note in their place. */
const worthPruning = 500

/**
 * Replaces the results of tools that lie before `end` by a note. They are the bulk of a conversation,
 * and what still matters of them has been said or can be had again.
 */
export function pruneResults(messages: ModelMessage[], end: number): void {
  for (const message of messages.slice(0, end)) {
    if (message.role !== 'tool') continue
    for (const part of message.content) {
      // The user's answers are short, and cannot be had again.
      if (part.type !== 'tool-result' || part.toolName === 'ask_user') continue
      if (part.output.type !== 'text' || part.output.value.length < worthPruning) continue
      part.output.value = `[${part.output.value.length} characters left out to save room. Use the tool again if you need them.]`
    }
  }
}

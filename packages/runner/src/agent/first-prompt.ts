import type { Lease, ReplayEntry } from '@errand/core'

import type { AgentDescriptor } from './descriptor.ts'

/** What has gone before in the task, as far as a new conversation has to be told. */
export interface PromptParts {
  /** The instructions of the custom agent the task names. */
  customAgent?: string
  /** What the repository tells its agents, and this one does not read by itself. */
  repository?: string
  /** What was said and done in the task before, where there was anything. */
  earlier?: string
}

/**
 * The prompt that begins a conversation: the session's own, with what an agent must know to go on
 * where another stopped. A session run again after its runner was lost hears all that was asked,
 * answered and said the first time.
 */
export function composeFirstPrompt(
  descriptor: AgentDescriptor,
  { session, replay }: Lease,
  { customAgent, repository, earlier }: PromptParts,
): string {
  if (descriptor.isVerbatim) return session.prompt
  const parts = [
    customAgent ?? '',
    earlier === undefined ? '' : told(earlier),
    session.prompt,
    // Below the request: a request that is a recipe begins with its name.
    repository ?? '',
    replay.length === 0 ? '' : said(replay),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function told(earlier: string): string {
  return `The task has been worked on before, and the branch holds what came of it. This was said and done, oldest first:\n\n${earlier}\n\nThe request now:`
}

const roles = {
  question: 'You asked',
  answer: 'The user answered',
  message: 'The user said',
} as const satisfies Record<ReplayEntry['role'], string>

function said(replay: readonly ReplayEntry[]): string {
  const entries = replay.map(({ role, content }) => `${roles[role]}:\n\n${quote(content)}`)
  return `This was said about it before; do not ask the same again.\n\n${entries.join('\n\n')}`
}

/** The prompt that goes on with a conversation whose question was answered meanwhile. */
export function composeAnswerPrompt(question: string | undefined, answer: string): string {
  if (question === undefined) return answer
  return `You asked:\n\n${quote(question)}\n\nThe user answered:\n\n${quote(answer)}\n\nGo on with the task.`
}

/** Question and answer a put-away session was waiting for: the last of what is replayed. */
export function lastAnswer(replay: readonly ReplayEntry[]): {
  question: string | undefined
  answer: string
} {
  const at = replay.findLastIndex(({ role }) => role === 'answer')
  const answer = replay[at]
  const question = replay[at - 1]
  return {
    question: question?.role === 'question' ? question.content : undefined,
    answer: answer?.content ?? 'Go on.',
  }
}

function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
}

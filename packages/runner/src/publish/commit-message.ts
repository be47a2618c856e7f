import { printable } from '../printable.ts'

/** Longest message of a commit kept, trailers aside. */
const longestMessage = 8000

/**
 * Lines that say who is behind a commit, or where it comes from. From an agent they are worth nothing,
 * and could name anybody.
 */
const claim =
  /^[ \t]*(co-authored-by|signed-off-by|reviewed-by|acked-by|tested-by|reported-by|on-behalf-of|agent-logs-url)[ \t]*:.*$/gim

/**
 * A commit's message from an agent's words and our own trailers, which stand alone at the end.
 *
 * @param mask takes secrets out of the words
 */
export function composeMessage(
  words: string,
  trailers: readonly string[],
  mask: (text: string) => string,
): string {
  const kept = mask(printable(words))
    .slice(0, longestMessage)
    .replace(claim, '')
    .replace(/[ \t]+$/gm, '')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
  return `${kept || 'Changes'}\n\n${trailers.join('\n')}\n`
}

/** Says where to read how a commit came about, and by it a pushed commit is known to be a session's. */
export function logsTrailer(sessionUrl: string): string {
  return `Agent-Logs-Url: ${sessionUrl}`
}

/** Whether a commit was made by a session. By its id alone: a server's address may change. */
export function isOfSession(message: string, sessionId: string): boolean {
  const ending = `?session_id=${sessionId}`
  return message
    .split('\n')
    .some((line) => line.startsWith('Agent-Logs-Url: ') && line.endsWith(ending))
}

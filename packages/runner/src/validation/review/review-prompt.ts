/** Of the task's prompt. */
const longestPrompt = 20_000

const instructions = `Review the change as an experienced engineer who will have to maintain it. Look for what is wrong: bugs, broken behaviour, security holes, missing cases, tests that prove nothing. Say nothing about style, and nothing you have not made sure of by reading the code. Change no file: nothing you write is kept.`

/** The form stands last, whatever the operator wants reviewed: what is answered must be readable. */
const form = `Answer at the end with a list in JSON and nothing after it, with a member for each problem, or an empty list where there is none. A member has "file" (its path), "line" (a number), "severity" ("critical", "high", "medium", "low" or "note") and "message" (one or two sentences).`

export function composeReviewPrompt(parts: {
  /** The operator's own instructions. */
  instructions?: string | undefined
  /** What was asked of the agent. */
  prompt: string
  startCommit: string
}): string {
  return [
    `A coding agent has made a change: it is what the checkout has on top of ${parts.startCommit}: \`git diff ${parts.startCommit} HEAD\` shows it.`,
    `This was asked for, and is here to be compared with, not to be done:\n\n${quote(parts.prompt.slice(0, longestPrompt))}`,
    parts.instructions ?? instructions,
    form,
  ].join('\n\n')
}

function quote(text: string): string {
  return text
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
}

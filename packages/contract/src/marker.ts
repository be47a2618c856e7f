import type { Task, TaskWithSessions } from './task.ts'

/** Which part of which campaign a prompt is. */
export interface Mark {
  name: string
  id: string
  attempt: number
}

const pattern =
  /<!-- errand-campaign: (?<name>[a-z0-9._-]+) (?<id>[0-9a-f-]{36}) (?<attempt>\d+) -->/

/**
 * A prompt that can be told by later: a create whose answer was lost is looked for by it, and another
 * run of the same campaign leaves the repository alone. A prompt that is itself a script stays as it is.
 */
export function markPrompt(prompt: string, { name, id, attempt }: Mark): string {
  if (prompt.startsWith('#!')) return prompt
  return `${prompt.trimEnd()}\n\n${markOfName(name)}${id} ${attempt} -->\n`
}

/** How the mark of every part of a campaign of this name begins. */
export function markOfName(name: string): string {
  return `<!-- errand-campaign: ${name} `
}

/** The prompt as it was before it was marked. */
export function unmarkPrompt(prompt: string): string {
  return pattern.test(prompt) ? prompt.replace(pattern, '').trimEnd() : prompt
}

/** The mark on a task's first prompt, if there is one. */
export function markOf(task: Task | TaskWithSessions): Mark | undefined {
  const prompt = 'sessions' in task ? task.sessions[0]?.prompt : undefined
  const { name, id, attempt } = pattern.exec(prompt ?? '')?.groups ?? {}
  return name && id && attempt ? { name, id, attempt: Number(attempt) } : undefined
}

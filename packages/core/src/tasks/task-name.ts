/** Longest name made from a prompt, in characters. */
const nameLimit = 80

/**
 * A task's name from its prompt: the first line that says something, without the marks of a Markdown
 * heading. GitHub derives it from the prompt as well, by a rule it does not tell (behaviour.md 1.5).
 */
export function nameOf(prompt: string): string {
  const line = prompt
    .split('\n')
    .map((text) => text.replace(/^#+\s+/, '').trim())
    .find((text) => text !== '')
  const name = line ?? 'Task'
  return name.length > nameLimit ? `${name.slice(0, nameLimit - 1).toWellFormed()}…` : name
}

import type { Event } from '@errand/contract'
import { describeEvent } from '../../pages/describe-event.ts'

/** Longest text of one event in a portal's log; the task's page has all of it. */
const textLimit = 2000

/** What whoever pressed the button wants to follow; the steps in between are on the task's page. */
const told = new Set([
  'session.state_changed',
  'session.log',
  'session.budget_warning',
  'session.summary',
  'assistant.message',
  'elicitation.completed',
  'artifact.branch',
  'artifact.pull',
])

/** An event as a line of a portal's log; empty for what is not told there. */
export function lineOf(event: Event, task: { page: string; taskId: string }): string {
  if (event.type === 'session.created') return `Task ${task.taskId}: ${task.page}`
  if (event.type === 'elicitation.requested') {
    const question = printable(describeEvent(event).text)
    return `The agent asks: ${question}\nAnswer it at ${task.page}, or with the answer action for task ${task.taskId}`
  }
  if (!told.has(event.type)) return ''
  const { label, text } = describeEvent(event)
  return text === '' ? label : `${label}: ${printable(text)}`
}

/** What an agent says is not to steer a terminal or a page: control characters are left out. */
export function printable(text: string): string {
  const plain = text.replace(
    /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    '',
  )
  return plain.length > textLimit ? `${plain.slice(0, textLimit)}… [cut]` : plain
}

import type { ProgressPrinter } from './progress-printer.ts'
import { readQuestion } from './read-question.ts'
import { refreshOpen, type Refreshing } from './refresh-open.ts'

/** Looks at the open tasks, and tells each change with what a task asks. Whether there was one. */
export async function reportChanges(
  refreshing: Omit<Refreshing, 'onState'>,
  printer: ProgressPrinter,
  isErrand: boolean,
): Promise<boolean> {
  const { client, signal } = refreshing
  let isChanged = false
  await refreshOpen({
    ...refreshing,
    async onState(progress, task) {
      isChanged = true
      const isAsked = task?.state === 'waiting_for_user' && isErrand
      printer.changed(progress, isAsked ? await readQuestion(client, task.id, signal) : undefined)
    },
  })
  return isChanged
}

import {
  AnswerError,
  type Client,
  type State,
  type TaskWithSessions,
  waitForTask,
} from '@errand/contract'
import { openQuestionDesk } from './answer-questions.ts'
import { exitCodes, Interrupted } from './errors.ts'
import { createEventPrinter } from './present/event-printer.ts'
import { formatDuration } from './terminal/duration.ts'
import { openStatusLine } from './terminal/status-line.ts'
import type { Terminal } from './terminal/terminal.ts'

/**
 * Prints what happens in a task from its first event until it has ended, and returns it as it then
 * is. Questions are asked on a terminal. Throws `Interrupted` on Ctrl-C: the task goes on.
 */
export async function followTask(
  terminal: Terminal,
  client: Client,
  taskId: string,
): Promise<TaskWithSessions> {
  const { signal } = terminal
  try {
    await printEvents(terminal, client, taskId)
  } catch (error) {
    if (error instanceof Interrupted) {
      terminal.err(`The task goes on. Follow it again with: errand view ${taskId} --log --follow\n`)
    }
    if (!hasNoEvents(error)) throw error
    const onState = ({ state }: TaskWithSessions): void => terminal.out(`${state}\n`)
    return (await waitForTask(client, taskId, { signal, onState })).task
  }
  return client.call('getTask', { params: { task_id: taskId }, signal })
}

/** 0 for a task that was completed, 2 for a cancelled one, 1 for every other end, as gh's. */
export function exitCodeOf(state: State): number {
  if (state === 'completed') return exitCodes.ok
  return state === 'cancelled' ? exitCodes.cancelled : exitCodes.failed
}

async function printEvents(terminal: Terminal, client: Client, taskId: string): Promise<void> {
  const startedAt = terminal.now().getTime()
  let state = 'queued'
  let pending = (): string => ''
  using desk = openQuestionDesk(terminal, client, taskId)
  using status = openStatusLine(terminal, () => {
    const time = formatDuration(terminal.now().getTime() - startedAt)
    return desk.isAsking() ? '' : `${state} ${time} ${pending()}`.trimEnd()
  })
  const printer = createEventPrinter(terminal, status)
  pending = printer.pending
  try {
    for await (const event of client.followEvents(taskId, { signal: terminal.signal })) {
      if (event.type === 'session.state_changed') state = String(event.data.to)
      printer.print(event)
      desk.notice(event)
    }
  } finally {
    printer.flush()
  }
  desk[Symbol.dispose]()
  await desk.finished()
}

/** A task that is there and whose events are not: the server is GitHub. */
function hasNoEvents(error: unknown): boolean {
  return error instanceof AnswerError && error.status === 404
}

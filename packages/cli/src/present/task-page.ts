import { isEndState, type TaskWithSessions } from '@errand/contract'
import { paintState } from '../terminal/colours.ts'
import { formatAge } from '../terminal/duration.ts'
import { printable, printableLine } from '../terminal/printable.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { formatCredits } from './campaign.ts'
import { presentFailure } from './event-lines.ts'
import { branchOf, lastSession, pullOf } from './task-fields.ts'

/** What `errand view` shows of a task: name, state, where its work is, and what comes next. */
export function presentTask(
  terminal: Pick<Terminal, 'paint' | 'now'>,
  task: TaskWithSessions,
  repository: string | undefined,
): string {
  const { paint } = terminal
  const session = lastSession(task)
  const branch = branchOf(task)
  const pull = pullOf(task)
  const nano = costOf(task)
  const count = task.session_count ?? task.sessions.length
  const facts = [
    printableLine(repository ?? ''),
    `created ${formatAge(task.created_at, terminal.now())}`,
    session?.model ? `model ${printableLine(session.model)}` : '',
    // A script is its own agent.
    session?.agent && session.agent !== session.model
      ? `agent ${printableLine(session.agent)}`
      : '',
    count > 1 ? `${count} sessions` : '',
  ]
  return [
    `${paint('bold', printableLine(task.name ?? task.id))} · ${paintState(paint, task.state)}`,
    paint('dim', facts.filter((fact) => fact !== '').join(' · ')),
    '',
    printable(session?.prompt ?? '').trimEnd(),
    '',
    ...(branch
      ? [`branch        ${printableLine(branch.head_ref)} → ${printableLine(branch.base_ref)}`]
      : []),
    ...(pull ? [`pull request  ${printableLine(pull.html_url ?? `id ${pull.id}`)}`] : []),
    ...(nano > 0 ? [`cost          ${formatCredits(nano)}`] : []),
    ...(task.html_url ? [`page          ${printableLine(task.html_url)}`] : []),
    `id            ${printableLine(task.id)}`,
    ...presentFailure(session?.error, paint),
    ...nextStep(task).map((step) => paint('dim', step)),
  ]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
}

/** Of all sessions, in nano AI credits. GitHub counts premium requests for some: those are no money. */
function costOf({ sessions }: TaskWithSessions): number {
  return sessions.reduce(
    (sum, { usage }) => sum + (usage?.type === 'ai_credits' ? usage.amount : 0),
    0,
  )
}

function nextStep(task: TaskWithSessions): string[] {
  if (task.state === 'waiting_for_user')
    return ['', `Answer it with: errand answer ${task.id} "TEXT"`]
  if (!isEndState(task.state)) return ['', `Follow it with: errand view ${task.id} --log --follow`]
  return branchOf(task) ? ['', `See its changes with: errand diff ${task.id}`] : []
}

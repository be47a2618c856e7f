import { createHash } from 'node:crypto'

interface Step {
  task: { id: string }
  step?: { id?: string; name?: string }
  each?: object
}

/**
 * What tells the tasks of one step from all others: the same when the scaffolder runs the step again, and
 * another one in each round of a step with `each`.
 */
export function stepKeyOf({ task, step, each }: Step): string {
  const round = JSON.stringify(each ?? null)
  const digest = createHash('sha256').update(round).digest('hex').slice(0, 16)
  return ['backstage', task.id, step?.id ?? '', digest].join('/')
}

import type { Client } from '../client.ts'
import { ToolError } from '../tools/tool.ts'
import type { PlanStep, SessionRecord } from './record.ts'

/**
 * Takes a new plan in, and shows it.
 *
 * @throws ToolError where a step is said to be done though nothing was done since the plan was told
 */
export async function takePlan(
  record: SessionRecord,
  client: Client,
  steps: PlanStep[],
): Promise<void> {
  const done = new Set(record.plan.filter(isCompleted).map(({ content }) => content))
  const news = steps.filter((step) => isCompleted(step) && !done.has(step.content))
  const [first] = news
  if (first !== undefined && record.uses === record.planned_at) {
    throw new ToolError(
      `The plan was not changed: ${JSON.stringify(first.content)} is marked completed, but no tool was used since the plan was shown last. Do it first.`,
    )
  }
  record.plan = steps
  record.planned_at = record.uses
  await showPlan(record, client)
}

/** At the end of a turn nothing is in progress any more. */
export async function settlePlan(record: SessionRecord, client: Client): Promise<void> {
  if (!record.plan.some(({ status }) => status === 'in_progress')) return
  record.plan = record.plan.map((step) =>
    step.status === 'in_progress' ? { ...step, status: 'pending' } : step,
  )
  await showPlan(record, client)
}

export function openSteps(record: SessionRecord): string[] {
  return record.plan.filter((step) => !isCompleted(step)).map(({ content }) => content)
}

async function showPlan({ plan }: SessionRecord, client: Client): Promise<void> {
  await client.showPlan(plan.map((step) => ({ ...step, priority: 'medium' as const })))
}

function isCompleted({ status }: PlanStep): boolean {
  return status === 'completed'
}

import { startScriptedModel } from '../../test/support/scripted-model.ts'
import { startErrand } from '../../test/support/start-errand.ts'
import {
  type Behaviour,
  behaviours,
  judge,
  overrunBudget,
  type Play,
  playFor,
  price,
  tokens,
} from './behaviours.ts'
import type { FetchedTask } from './fetch-package.ts'
import type { Row } from './report-outcomes.ts'
import { runTask } from './run-task.ts'

/** How long one task may take. */
const timeoutMinutes = 30

export interface RealModel {
  /** As `errand.yml` has them: `upstreams`, `models` and what else it takes. */
  settings: Record<string, unknown>
  /** The id of one of the models. */
  model: string
  /** Has the keys that the settings name. */
  environment: Readonly<Record<string, string | undefined>>
  /** AI credits each task may cost. Default: no bound. */
  maxCredits?: number
}

/** Gives each task to a model, one after the other, on one Errand. */
export async function evaluateModel(
  tasks: readonly FetchedTask[],
  { settings, model, environment, maxCredits }: RealModel,
  onRow: (row: Row) => void,
): Promise<Row[]> {
  await using errand = await startErrand({ settings, environment })
  const rows: Row[] = []
  for (const task of tasks) {
    const options = { model, timeoutMinutes, ...(maxCredits === undefined ? {} : { maxCredits }) }
    const row = await runTask(errand, task, options)
    rows.push(row)
    onRow(row)
  }
  return rows
}

/** Plays fixed answers for each task, and holds against them what has to come of that. */
export async function evaluateScripted(
  tasks: readonly FetchedTask[],
  onRow: (row: Row) => void = () => undefined,
  played: readonly Behaviour[] = behaviours,
): Promise<Row[]> {
  let play: Play = () => ({ say: 'Nothing is played.' })
  await using model = await startScriptedModel((turn) => play(turn), { tokens })
  const { models, ...settings } = model.settings('messages') as { models: object[] }
  await using errand = await startErrand({
    settings: { ...settings, models: models.map((one) => ({ ...one, price })) },
  })
  const rows: Row[] = []
  for (const task of tasks) {
    for (const behaviour of played) {
      play = await playFor(behaviour, task)
      const outcome = await runTask(errand, task, {
        model: 'scripted',
        timeoutMinutes,
        ...(behaviour === 'overrun' ? { maxCredits: overrunBudget } : {}),
      })
      const fault = judge(behaviour, outcome)
      const row = { ...outcome, behaviour, ...(fault === undefined ? {} : { fault }) }
      rows.push(row)
      onRow(row)
    }
  }
  return rows
}

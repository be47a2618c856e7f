import {
  closeAutomationEvent,
  enqueueEventRun,
  type HeldAutomationEvent,
  isDisconnected,
  mismatchOf,
  postponeAutomationEvent,
  type Skip,
  StaleAutomationEvent,
  wasMovedByAutomation,
  wasOpenedByAutomation,
} from '@errand/core'
import { ownCaller } from '../auth/own-caller.ts'
import { writerOf } from '../auth/writer.ts'
import { lookAtConfiguration } from '../configuration/resolve.ts'
import type { ServerContext } from '../context.ts'
import { isPassing } from '../integrations/github/is-passing.ts'
import { NotSo, type Place, readEvent, type ReadEvent } from './read-event.ts'
import { triggerOf } from './trigger-of.ts'

/** An older one was told of by who kept a delivery, not by GitHub, which sends again for three days. */
const longestAgeMs = 7 * 86_400_000
const longestPauseSeconds = 600
/** With the pauses, about three days. */
const mostFailures = 450

/**
 * Finds out whether an event begins a run of its automation, and stores the run. Everything the delivery said is
 * asked of the forge again, as Errand itself sees it. What is not so, what the filters do not want, and what
 * Errand did itself is closed without a word.
 */
export async function attendEvent(
  context: ServerContext,
  event: HeldAutomationEvent,
): Promise<void> {
  const { store, log } = context
  const fields = { automation_id: event.automation_id, event: event.event, type: event.type }
  try {
    const found = await examine(context, event)
    const run = await enqueueEventRun(store, event, found)
    if (run !== undefined) log.info({ ...fields, run_id: run.id, status: run.status }, 'an event')
  } catch (error) {
    if (error instanceof StaleAutomationEvent) return
    if (isDisconnected(error)) throw error
    if (error instanceof NotSo) {
      log.info({ ...fields, reason: error.message }, 'an event begins no run')
      return await closeAutomationEvent(store, event, error.message)
    }
    const failures = event.failures + 1
    if (!isPassing(error) || failures >= mostFailures) {
      log.warn({ ...fields, err: error }, 'an event was given up')
      const outcome = error instanceof Error ? error.message : 'failed'
      return await closeAutomationEvent(store, event, outcome)
    }
    const seconds = Math.min(2 ** Math.min(event.failures, 20), longestPauseSeconds)
    log.warn({ ...fields, err: error, seconds }, 'an event is attended to again later')
    await postponeAutomationEvent(store, event, seconds)
  }
}

/** @throws NotSo */
async function examine(context: ServerContext, event: HeldAutomationEvent) {
  const { automation } = event
  if (!automation.enabled) throw new NotSo('the automation is paused')
  const trigger = automation.triggers[event.event]
  if (trigger === undefined) throw new NotSo('the automation does not wait for it any more')
  if (!(Date.now() - event.happened_at.getTime() < longestAgeMs)) throw new NotSo('it is too old')
  const place = await placeOf(context, event)
  if (place.own.user.id === event.actor_id) throw new NotSo('Errand did it itself')
  const read = await readEvent(context, place, event)
  const { subject } = read
  const paths =
    subject?.type === 'pull' && 'paths' in trigger && trigger.paths !== undefined
      ? await context.forge.changedPaths(place.own, place.repository, subject.number)
      : undefined
  const mismatch = mismatchOf(trigger, { ...read.facts, ...(paths !== undefined && { paths }) })
  if (mismatch !== undefined) throw new NotSo(`the filter ${mismatch} does not match`)
  await requireNoLoop(context, event, read)
  const { isChecked, skip } = await checkActor(context, event, place)
  const hears = async (id: number) => isChecked || (await mayWrite(context, event, id))
  const { conclusion } = read.facts
  return {
    trigger: await triggerOf(read, trigger.write_scope ?? automation.write_scope, hears),
    ...(conclusion !== undefined && { conclusion }),
    ...(skip !== undefined && { skip }),
  }
}

async function placeOf(context: ServerContext, event: HeldAutomationEvent): Promise<Place> {
  const { repository_full_name: name, automation } = event
  const own = await ownCaller(context, name)
  if (own === undefined) throw new NotSo('the server has no account of its own on the forge')
  const asked = { asksAnew: true }
  const repository = await context.forge.repositoryById(own, automation.repository_id, asked)
  if (repository?.full_name.toLowerCase() === name.toLowerCase()) return { own, repository }
  throw new NotSo('the repository is not the one that was named')
}

/** What changes by an automation's own work, and may have been done in a person's name. */
const ofWork = new Set(['opened', 'synchronize', 'reopened', 'ready_for_review', 'edited'])

/** A run that began another of the same automation would go on for ever, and over a second one as well. */
async function requireNoLoop(
  { store }: ServerContext,
  { automation, event, type }: HeldAutomationEvent,
  { subject }: ReadEvent,
): Promise<void> {
  if (subject?.type !== 'pull') return
  const pull = { repository_id: automation.repository_id, number: subject.number }
  if (await wasOpenedByAutomation(store, pull, automation.id)) {
    throw new NotSo('the automation itself has opened the pull request')
  }
  if (event !== 'pull_request' || !ofWork.has(type)) return
  if (await wasOpenedByAutomation(store, pull)) {
    throw new NotSo('another automation has opened the pull request')
  }
  const { branch } = subject
  if (type !== 'synchronize' || branch === undefined || branch.is_from_fork) return
  const { repository_id } = pull
  if (await wasMovedByAutomation(store, { repository_id, ...branch })) {
    throw new NotSo('a task of an automation has pushed it')
  }
}

/** Whether whoever did it has to be able to write, and a reason for no run where they have to and are not. */
async function checkActor(
  context: ServerContext,
  event: HeldAutomationEvent,
  { own, repository }: Place,
): Promise<{ isChecked: boolean; skip?: Skip }> {
  const { values, problem } = await lookAtConfiguration(context, own, repository)
  const isChecked =
    // Where the file cannot be read nobody has let others in; the run itself is then held back.
    problem !== undefined ||
    values.require_write_access_for_automation_triggers ||
    event.automation.require_actor_write_permission
  if (!isChecked || (await mayWrite(context, event, event.actor_id))) return { isChecked }
  const reason = `${event.actor_login} has no write access to ${repository.full_name}.`
  return { isChecked, skip: { skip_reason: 'actor_may_not_write', reason } }
}

async function mayWrite(
  context: ServerContext,
  { automation, repository_full_name: full_name }: HeldAutomationEvent,
  id: number,
): Promise<boolean> {
  const { repository_id } = automation
  return (await writerOf(context, { user_id: id, repository_id, full_name })) !== undefined
}

import type { Triggers, UpdateAutomation } from '@errand/contract'
import type { ChangeOptions } from '../commands/automation/change-options.ts'
import { UserError } from '../errors.ts'

/** What the flags say of an automation; nothing of what is not given. */
export function readChanges(options: ChangeOptions): UpdateAutomation {
  const { name, description, model, agent, customAgent, base, pr, comment, limit } = options
  const triggers = readTriggers(options)
  return {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(triggers !== undefined && { triggers }),
    ...(model !== undefined && { model }),
    ...(agent !== undefined && { agent }),
    ...(customAgent !== undefined && { allowed_custom_agents: [customAgent] }),
    ...(base !== undefined && { base_ref: base }),
    ...((pr ?? comment) !== undefined && { tools: readTools(pr, comment) }),
    ...(limit !== undefined && { usage_limits: limit }),
    ...(options.concurrent !== undefined && { allow_concurrent_runs: options.concurrent }),
  }
}

function readTools(pr = true, comment = false): string[] {
  return [...(pr ? ['create_pull_request'] : []), ...(comment ? ['add_comment'] : [])]
}

function readTriggers(options: ChangeOptions): Triggers | undefined {
  const events = options.on
  const clock = readClock(options)
  if (clock === undefined && events === undefined) return undefined
  return { ...events, ...clock }
}

function readClock(options: ChangeOptions): Triggers | undefined {
  const { cron, timeZone, every, hour, minute, day } = options
  if (timeZone !== undefined && cron === undefined) {
    throw new UserError('--time-zone belongs to --cron: --every goes by UTC.')
  }
  if (cron !== undefined) return { cron: { expression: cron, time_zone: timeZone ?? 'UTC' } }
  if (every === undefined) {
    if (hour === undefined && minute === undefined && day === undefined) return undefined
    throw new UserError('--hour, --minute and --day belong to --every.')
  }
  if (every !== 'hourly' && hour === undefined) {
    throw new UserError(`--every ${every} needs --hour, 0 to 23 in UTC.`)
  }
  if (every === 'weekly' && day === undefined) {
    throw new UserError('--every weekly needs --day, like --day monday.')
  }
  return {
    interval: {
      cadence: [every],
      minute_utc: requireQuarter(minute ?? 0),
      ...(hour !== undefined && { hour_utc: hour }),
      ...(day !== undefined && { day_of_week: day }),
    },
  }
}

function requireQuarter(minute: number): 0 | 15 | 30 | 45 {
  if (minute === 0 || minute === 15 || minute === 30 || minute === 45) return minute
  throw new UserError('--minute must be 0, 15, 30 or 45; --cron takes any.')
}

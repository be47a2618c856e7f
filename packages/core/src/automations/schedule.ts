import { type ClockTrigger, invalidField, type Triggers } from '@errand/contract'
import { Cron } from 'croner'

/** A time at which an automation is due, and the trigger that says so. */
export interface Occurrence {
  at: Date
  event: ClockTrigger
}

/**
 * The first time after `after` at which a trigger fires; undefined when none does any more.
 *
 * Local times that a change to daylight saving skips or repeats still come once: 2:30 is made up for at
 * the end of the gap, and taken the first time it comes in the overlap. `*` and steps go by real time.
 */
export function nextRun(triggers: Triggers, after: Date): Occurrence | undefined {
  const times = patternsOf(triggers).flatMap(({ event, cron }) => {
    const at = cron.nextRun(after)
    return at === null ? [] : [{ event, at }]
  })
  return times.sort((a, b) => a.at.getTime() - b.at.getTime())[0]
}

/**
 * The times that have come since `first`, which is one of them: how many, and the latest. Counting ends
 * at a thousand, with the thousandth.
 */
export function runsUntil(
  triggers: Triggers,
  first: Occurrence,
  time: Date,
): { count: number; last: Occurrence } {
  let last = first
  for (let count = 1; ; count += 1) {
    const next = nextRun(triggers, last.at)
    if (next === undefined || next.at > time || count === 1000) return { count, last }
    last = next
  }
}

/** Shortest time between two runs by the clock, in minutes: each is a task with a pull request. */
const shortestMinutes = 5

/**
 * Checks what a schema cannot.
 *
 * @throws ErrandError validation_failed for an expression or a zone that is wrong, that never comes, or
 *   that comes too often.
 */
export function requireSchedule(triggers: Triggers, now: Date): void {
  if (triggers.cron === undefined) return
  const { expression, time_zone: zone } = triggers.cron
  if (!isTimeZone(zone)) {
    throw invalidField(
      'triggers.cron.time_zone',
      `triggers.cron.time_zone: '${zone}' is no time zone; write it like Europe/Berlin`,
      'Automation',
    )
  }
  const field = 'triggers.cron.expression'
  let times: Date[]
  try {
    times = openCron(expression, zone).nextRuns(50, now)
  } catch (cause) {
    // croner throws TypeErrors and RangeErrors, whose texts say which part is wrong.
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw invalidField(field, `${field}: ${reason}`, 'Automation')
  }
  if (times.length === 0) throw invalidField(field, `${field}: this never comes`, 'Automation')
  const gaps = times.slice(1).map((time, place) => time.getTime() - Number(times[place]))
  if (Math.min(...gaps) < shortestMinutes * 60_000) {
    const message = `${field}: runs must lie ${shortestMinutes} minutes apart at least`
    throw invalidField(field, message, 'Automation')
  }
}

function isTimeZone(name: string): boolean {
  try {
    // Offsets like +01:00 are taken by Intl as well, and know no daylight saving: they are no zone.
    return /^[A-Za-z]/.test(name) && Boolean(new Intl.DateTimeFormat('en', { timeZone: name }))
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

function patternsOf({ interval, cron }: Triggers): { event: ClockTrigger; cron: Cron }[] {
  const ofInterval = (interval?.cadence ?? []).map((cadence) => {
    const { hour_utc: hour, minute_utc: minute, day_of_week: day } = interval ?? {}
    const expression = {
      hourly: `${minute} * * * *`,
      daily: `${minute} ${hour} * * *`,
      weekly: `${minute} ${hour} * * ${day}`,
    }[cadence]
    return { event: 'interval' as const, cron: openCron(expression, 'UTC') }
  })
  if (cron === undefined) return ofInterval
  return [...ofInterval, { event: 'cron', cron: openCron(cron.expression, cron.time_zone) }]
}

/** Only computes: paused, it sets no timer. */
function openCron(expression: string, timezone: string): Cron {
  return new Cron(expression, {
    timezone,
    mode: '5-part',
    paused: true,
    // `30 2,14 * * *` are fixed times of the day too: neither is lost or doubled.
    fixedTimeRule: 'no-wildcard',
  })
}

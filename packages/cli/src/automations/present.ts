import type { Automation, AutomationSummary, Triggers } from '@errand/contract'
import { printable, printableLine } from '../terminal/printable.ts'

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** When an automation runs, as one reads it. */
export function describeTriggers({ interval, cron, ...events }: Triggers): string {
  const texts: string[] = []
  if (cron !== undefined) texts.push(`${cron.expression} ${cron.time_zone}`)
  if (interval !== undefined) {
    const pad = (value = 0): string => String(value).padStart(2, '0')
    const time = `${pad(interval.hour_utc)}:${pad(interval.minute_utc)} UTC`
    for (const cadence of interval.cadence) {
      if (cadence === 'hourly') texts.push(`hourly at :${pad(interval.minute_utc)}`)
      if (cadence === 'daily') texts.push(`daily at ${time}`)
      if (cadence === 'weekly') texts.push(`${days[interval.day_of_week ?? 0]}s at ${time}`)
    }
  }
  for (const [event, trigger] of Object.entries(events)) texts.push(describeEvent(event, trigger))
  return printableLine(texts.join(', ') || 'by hand')
}

/** Like `on pull_request opened, synchronize (paths: docs/**)`. */
function describeEvent(event: string, trigger: object): string {
  const { types, write_scope: _, ...filters } = trigger as Record<string, string | string[]>
  const told = Object.entries(filters).map(
    ([name, value]) => `${name}: ${[value].flat().join(' ')}`,
  )
  const what = types === undefined ? '' : ` ${[types].flat().join(', ')}`
  return `on ${event}${what}${told.length === 0 ? '' : ` (${told.join('; ')})`}`
}

/** What comes next: a time in its own zone, or why none. */
export function describeNext(automation: AutomationSummary): string {
  const { enabled, disabled_state: disabled, next_run_at: next, triggers } = automation
  if (!enabled)
    return disabled === undefined ? 'paused' : `paused by the server: ${reasons[disabled.reason]}`
  if (Object.keys(triggers).length === 0) return 'runs only by hand'
  // GitHub does not say when.
  if (next === undefined) return `runs ${describeTriggers(triggers)}`
  return `runs next ${formatTime(next, triggers.cron?.time_zone)}`
}

const reasons = {
  consecutive_failures: 'three runs in a row failed',
  creator_lost_access: 'its creator has no write access any more',
  invalid_schedule: 'its cron expression or time zone cannot be understood',
} as const

/** A time with its zone: what an engineer compares with a calendar. */
export function formatTime(time: string, zone = 'UTC'): string {
  const text = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    dateStyle: 'short',
    timeStyle: 'short',
  }).format(new Date(time))
  return `${text} ${zone}`
}

/** The page of one automation. */
export function presentAutomation(automation: Automation): string {
  const { name, id, description, triggers, model, base_ref: base, tools, usage } = automation
  const rows: [string, string][] = [
    ['id', id],
    ['state', describeNext(automation)],
    ['when', describeTriggers(triggers)],
    ['created by', automation.created_by.login],
    ...(automation.source_path === undefined
      ? []
      : [['file', automation.source_path] satisfies [string, string]]),
    ['model', model || 'the default'],
    ['base', base || 'the default branch'],
    ['pull request', tools.includes('create_pull_request') ? 'yes' : 'no'],
    ['used', `${usage.last_30_days} nano AI credits in 30 days`],
    ...automation.usage_limit_status.map(({ period, limit, used, reached }): [string, string] => [
      `limit a ${period}`,
      `${used} of ${limit} nano AI credits${reached ? ': reached' : ''}`,
    ]),
  ]
  const lines = rows.map(([key, value]) => `  ${key.padEnd(13)}${printableLine(value)}`)
  return [
    printableLine(name),
    ...(description === '' ? [] : [printable(description)]),
    lines.join('\n'),
    printable(automation.prompt.trimEnd()).replace(/^/gm, '  '),
  ].join('\n\n')
}

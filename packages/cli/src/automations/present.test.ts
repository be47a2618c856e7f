import type { AutomationSummary } from '@errand/contract'
import { expect, it } from 'vitest'
import { describeNext, describeTriggers } from './present.ts'

it.each([
  [{}, 'by hand'],
  [{ cron: { expression: '0 9 * * 1', time_zone: 'Europe/Berlin' } }, '0 9 * * 1 Europe/Berlin'],
  [{ interval: { cadence: ['hourly' as const], minute_utc: 15 as const } }, 'hourly at :15'],
  [
    {
      interval: {
        cadence: ['daily' as const, 'weekly' as const],
        hour_utc: 4,
        minute_utc: 0 as const,
        day_of_week: 0,
      },
    },
    'daily at 04:00 UTC, Sundays at 04:00 UTC',
  ],
  [
    { pull_request: { types: ['opened' as const], paths: ['docs/**', '*.md'], query: 'is:open' } },
    'on pull_request opened (paths: docs/** *.md; query: is:open)',
  ],
  [{ pull_request_review_submitted: {} }, 'on pull_request_review_submitted'],
])('the triggers %j are told as %s', (triggers, text) => {
  expect(describeTriggers(triggers)).toBe(text)
})

const triggers = { cron: { expression: '0 9 * * 1', time_zone: 'Europe/Berlin' } }
const disabled_at = '2027-01-01T00:00:00Z'

it.each([
  [
    { enabled: true, triggers, next_run_at: '2027-03-29T07:00:00.000Z' },
    'runs next 2027-03-29 09:00 Europe/Berlin',
  ],
  [{ enabled: true, triggers: {} }, 'runs only by hand'],
  [{ enabled: false, triggers }, 'paused'],
  [
    { enabled: false, triggers, disabled_state: { reason: 'consecutive_failures', disabled_at } },
    'paused by the server: three runs in a row failed',
  ],
  [
    { enabled: false, triggers, disabled_state: { reason: 'creator_lost_access', disabled_at } },
    'paused by the server: its creator has no write access any more',
  ],
])('%j comes next as: %s', (fields, text) => {
  expect(describeNext(fields as unknown as AutomationSummary)).toBe(text)
})

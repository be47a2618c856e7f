import { ErrandError, type Triggers } from '@errand/contract'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextRun, requireSchedule, runsUntil } from './schedule.ts'

const cron = (expression: string, time_zone = 'UTC'): Triggers => ({
  cron: { expression, time_zone },
})

function times(triggers: Triggers, from: string, count: number): string[] {
  const found: string[] = []
  let after = new Date(from)
  for (let n = 0; n < count; n++) {
    const next = nextRun(triggers, after)
    if (next === undefined) break
    found.push(next.at.toISOString().replace('.000Z', 'Z'))
    after = next.at
  }
  return found
}

describe('local time', () => {
  it('stays the same over both changes to and from daylight saving', () => {
    expect(times(cron('0 9 * * 1', 'Europe/Berlin'), '2026-10-18T00:00:00Z', 3)).toEqual([
      '2026-10-19T07:00:00Z',
      '2026-10-26T08:00:00Z',
      '2026-11-02T08:00:00Z',
    ])
    expect(times(cron('0 9 * * 1', 'America/New_York'), '2027-03-05T00:00:00Z', 3)).toEqual([
      '2027-03-08T14:00:00Z',
      '2027-03-15T13:00:00Z',
      '2027-03-22T13:00:00Z',
    ])
  })

  it('that a change skips is made up for at the end of the gap', () => {
    expect(times(cron('30 2 * * *', 'Europe/Berlin'), '2027-03-27T12:00:00Z', 2)).toEqual([
      '2027-03-28T01:00:00Z',
      '2027-03-29T00:30:00Z',
    ])
  })

  it('that a change repeats comes the first time only, also when it is asked for in between', () => {
    const triggers = cron('30 2 * * *', 'Europe/Berlin')
    expect(times(triggers, '2026-10-24T12:00:00Z', 2)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-26T01:30:00Z',
    ])
    expect(times(triggers, '2026-10-25T00:45:00Z', 1)).toEqual(['2026-10-26T01:30:00Z'])
  })

  it('of several fixed hours is neither lost nor doubled', () => {
    expect(times(cron('30 2,14 * * *', 'Europe/Berlin'), '2026-10-24T20:00:00Z', 3)).toEqual([
      '2026-10-25T00:30:00Z',
      '2026-10-25T13:30:00Z',
      '2026-10-26T01:30:00Z',
    ])
  })

  it('with a star goes by real time: an hour that comes twice has two runs', () => {
    expect(times(cron('0 * * * *', 'Europe/Berlin'), '2026-10-24T23:30:00Z', 3)).toEqual([
      '2026-10-25T00:00:00Z',
      '2026-10-25T01:00:00Z',
      '2026-10-25T02:00:00Z',
    ])
  })
})

// Among them half an hour of difference, a change at midnight, one to the other side, and none.
const zones = [
  'Europe/Berlin',
  'Europe/Dublin',
  'America/New_York',
  'America/Santiago',
  'America/St_Johns',
  'Australia/Lord_Howe',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Pacific/Chatham',
  'Asia/Kolkata',
  'UTC',
]

it('comes exactly once on each local day, whatever the zone, the minute and the day', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: 0, max: 59 }),
      fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 11, 1) }),
      (zone, hour, minute, startMs) => {
        const triggers = cron(`${minute} ${hour} * * *`, zone)
        const day = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short' })
        const found = times(triggers, new Date(startMs).toISOString(), 40)
        const days = found.map((time) => day.format(new Date(time)))

        // From the first day on, each day of the calendar, and each but once.
        const first = Date.parse(`${days[0]}T00:00:00Z`)
        const calendar = days.map((_, n) =>
          new Date(first + n * 86_400_000).toISOString().slice(0, 10),
        )
        expect(days).toEqual(calendar)
        expect(Date.parse(found[0] ?? '') - startMs).toBeLessThan(26 * 3_600_000)
      },
    ),
    { numRuns: 150 },
  )
})

it('finds the same next time from wherever it is asked before it', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.integer({ min: 0, max: 23 }),
      fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 11, 1) }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (zone, hour, startMs, part) => {
        const triggers = cron(`30 ${hour} * * *`, zone)
        const first = nextRun(triggers, new Date(startMs))
        const atMs = first?.at.getTime() ?? 0
        const between = new Date(startMs + Math.floor((atMs - startMs) * part))

        expect(nextRun(triggers, between)).toEqual(first)
      },
    ),
    { numRuns: 150 },
  )
})

describe('an interval', () => {
  it.each([
    [['hourly'], ['2026-05-05T10:15:00Z', '2026-05-05T11:15:00Z', '2026-05-05T12:15:00Z']],
    [['daily'], ['2026-05-06T06:15:00Z', '2026-05-07T06:15:00Z', '2026-05-08T06:15:00Z']],
    [['weekly'], ['2026-05-10T06:15:00Z', '2026-05-17T06:15:00Z', '2026-05-24T06:15:00Z']],
    [
      ['daily', 'weekly'],
      ['2026-05-06T06:15:00Z', '2026-05-07T06:15:00Z', '2026-05-08T06:15:00Z'],
    ],
  ] as const)('of %s goes by UTC', (cadence, expected) => {
    const interval = { cadence: [...cadence], hour_utc: 6, minute_utc: 15, day_of_week: 0 } as const

    expect(
      times({ interval: { ...interval, cadence: [...cadence] } }, '2026-05-05T09:20:00Z', 3),
    ).toEqual(expected)
  })

  it('and a cron expression together run at the earlier of both', () => {
    const interval = { cadence: ['daily' as const], hour_utc: 12, minute_utc: 0 as const }
    const both = { interval, ...cron('0 6 * * *') }

    expect(nextRun(both, new Date('2026-05-05T00:00:00Z'))).toMatchObject({ event: 'cron' })
    expect(nextRun(both, new Date('2026-05-05T07:00:00Z'))).toMatchObject({ event: 'interval' })
  })
})

it('without a trigger never comes', () => {
  expect(nextRun({}, new Date())).toBeUndefined()
})

it('counts what has come since, and knows the latest', () => {
  const triggers = cron('0 6 * * *')
  const first = { at: new Date('2026-05-05T06:00:00Z'), event: 'cron' as const }

  expect(runsUntil(triggers, first, new Date('2026-05-05T06:00:01Z'))).toEqual({
    count: 1,
    last: first,
  })
  const { count, last } = runsUntil(triggers, first, new Date('2026-05-08T12:00:00Z'))
  expect([count, last.at.toISOString()]).toEqual([4, '2026-05-08T06:00:00.000Z'])
})

describe('a schedule is refused', () => {
  it.each([
    [cron('0 9 * * 1', 'Europe/Atlantis'), 'triggers.cron.time_zone'],
    [cron('0 9 * * 1', '+01:00'), 'triggers.cron.time_zone'],
    [cron('0 25 * * 1'), 'triggers.cron.expression'],
    [cron('0 9 * *'), 'triggers.cron.expression'],
    [cron('* * * * * *'), 'triggers.cron.expression'],
    [cron('at nine'), 'triggers.cron.expression'],
    [cron('0 0 30 2 *'), 'triggers.cron.expression'],
    [cron('* * * * *'), 'triggers.cron.expression'],
    [cron('0,1 9 * * *'), 'triggers.cron.expression'],
  ])('%j, by the field %s', (triggers, field) => {
    const refuse = () => requireSchedule(triggers, new Date('2026-05-05T00:00:00Z'))

    expect(refuse).toThrow(ErrandError)
    expect(refuse).toThrow(
      expect.objectContaining({ errors: [expect.objectContaining({ field })] }),
    )
  })

  it('but not when it is right', () => {
    expect(() => requireSchedule(cron('*/5 9-17 * * MON-FRI'), new Date())).not.toThrow()
  })
})

import { describe, expect, it } from 'vitest'
import { openFakeServer } from '../testing/fake-server.ts'
import { runCli } from '../testing/run-cli.ts'
import { expiryTime, parseExpiry } from './parse-expiry.ts'

const now = new Date('2026-01-02T05:00:00Z')

it.each([
  ['30d', '2026-02-01T05:00:00.000Z'],
  ['12h', '2026-01-02T17:00:00.000Z'],
  ['2w', '2026-01-16T05:00:00.000Z'],
  ['2027-01-31', '2027-01-31T00:00:00.000Z'],
  ['2027-01-31T08:00:00+02:00', '2027-01-31T06:00:00.000Z'],
  ['never', undefined],
])('reads the end %s', (text, time) => {
  expect(expiryTime(parseExpiry(text), now)).toBe(time)
})

it.each(['', '0d', '-1d', '30', '30 days', '1.5d', '999999d', 'tomorrow', '2027-13-01'])(
  'refuses the end %j',
  (text) => {
    expect(() => parseExpiry(text)).toThrow('Say how long')
  },
)

describe('a server without tokens of its own', () => {
  it.each([
    ['create'],
    ['create', '--user', 'ann'],
    ['list'],
    ['list', '--all'],
    ['revoke', '1'],
    ['revoke', '--all-expired'],
  ])('is told of for token %s %s', async (...args) => {
    await using server = await openFakeServer({ 'GET /user': { login: 'me' } })
    const environment = { ERRAND_URL: server.url, ERRAND_TOKEN: 'ghp_mine' }

    const { err, out, code } = await runCli(['token', ...args], { environment })

    expect([code, out]).toEqual([1, ''])
    expect(err).toContain(`The tokens of ${server.url} are made on GitHub`)
    expect(err).toContain('https://github.com/settings/tokens')
  })
})

it('shows a name that would act on the terminal as what it is', async () => {
  const token = {
    id: 1,
    name: '\u001b[2J',
    kind: 'classic',
    user: { login: 'ann' },
    scopes: ['repo'],
    permissions: {},
    repository_selection: 'all',
    repositories: [],
    created_at: '2026-01-01T05:00:00Z',
    last_used_at: '2026-01-02T04:00:00Z',
    expires_at: '2026-01-02T04:30:00Z',
    expired: true,
  }
  await using server = await openFakeServer({ 'GET /user/tokens': [token] })
  const environment = { ERRAND_URL: server.url, ERRAND_TOKEN: 'ghp_mine' }

  const { out } = await runCli(['token', 'list'], { environment, isInteractive: true })

  expect(out).not.toContain('\u001b')
  expect(out.split('\n')[1]).toMatch(
    /^\^\[\[2J +1 +ann +classic +repo +all +about 1 day ago +about 1 hour ago +is over$/,
  )
})

import type { NewEvent } from '@errand/contract'
import { expect, it } from 'vitest'

import { composeBlockedText } from '../publish/blocked-text.ts'
import type { Blocked } from './policy.ts'
import { tellBlocked } from './tell-blocked.ts'

function blocked(fields: Partial<Blocked> = {}): Blocked {
  const usual = { scheme: 'http', host: 'evil.test', port: 80, path: '/' } as const
  return { ...usual, rule: 'not_allowed', isReportOnly: false, ...fields }
}

function eventsOf(all: Iterable<Blocked>) {
  const events: NewEvent[] = []
  const tell = tellBlocked({ add: (event) => events.push(event) })
  for (const one of all) tell(one)
  const requests = events.flatMap((event) =>
    event.type === 'firewall.blocked' ? [event.data] : [],
  )
  return { events, requests }
}

it('tells an address once, a host by three paths, and a session by a hundred addresses', () => {
  const paths = Array.from({ length: 5000 }, (_, index) => blocked({ path: `/${index}` }))
  const hosts = Array.from({ length: 5000 }, (_, index) => blocked({ host: `h${index}.test` }))

  const { events, requests } = eventsOf([...paths, ...hosts, ...paths])

  expect(requests).toHaveLength(100)
  expect(requests.filter(({ host }) => host === 'evil.test')).toHaveLength(3)
  expect(events).toHaveLength(101)
  expect(events.at(-1)).toMatchObject({ type: 'session.log', data: { level: 'warning' } })
})

it('keeps no more of what comes from inside than a line that no terminal obeys', () => {
  const { requests } = eventsOf([
    blocked({
      path: `/${'x'.repeat(10_000)}`,
      process: `curl\u001b]0;owned\u0007 \u202eevil\nnext line ${'y'.repeat(10_000)}`,
    }),
  ])

  const [{ path, process } = { path: '' }] = requests
  expect(path).toHaveLength(300)
  expect(process).toHaveLength(300)
  expect(process).toMatch(/^curl evil next line y+$/)
})

it('is Markdown in the pull request that nothing in it can break out of', () => {
  const { requests } = eventsOf([
    blocked({
      path: '/%3C/details%3E@octocat',
      process: 'curl ``` </details> [x](y) <!-- @octocat',
    }),
    blocked({ host: '::1', rule: 'private_address' }),
  ])

  const lines = composeBlockedText(requests, 'acme/sums').split('\n')

  expect(lines.filter((line) => !line.startsWith('>'))).toEqual([])
  expect(lines).toContain(
    '> <summary>The firewall kept the agent from connecting to 2 addresses (expand for details)</summary>',
  )
  expect(lines).toContain('> - `http://evil.test/%3C/details%3E@octocat`')
  expect(lines).toContain(
    '>   - Triggering command: ```` curl ``` </details> [x](y) <!-- @octocat ````',
  )
  expect(lines).toContain('> - `http://[::1]/` (a private or reserved address)')
})

it('lists twenty addresses there, and says of what was let through that it was', () => {
  const many = Array.from({ length: 50 }, (_, index) =>
    blocked({ host: `h${index}.test`, isReportOnly: true }),
  )

  const text = composeBlockedText(eventsOf(many).requests, 'acme/sums')

  expect(text.match(/^> - `/gm)).toHaveLength(20)
  expect(text).toContain('> - … and 30 more in the log of the session')
  expect(text).toContain('would have kept the agent from connecting to 50 addresses')
  expect(composeBlockedText([], 'acme/sums')).toBe('')
})

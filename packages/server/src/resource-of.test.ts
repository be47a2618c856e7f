import { routes } from '@errand/contract'
import { expect, it } from 'vitest'
import { resourceOf } from './resource-of.ts'

it('every operation is about something, by its path', () => {
  const names = Object.groupBy(Object.values(routes), resourceOf)
  const counts = Object.entries(names).map(([name, ones = []]) => [name, ones.length])

  expect(Object.fromEntries(counts)).toEqual({
    Task: 14,
    Automation: 14,
    Campaign: 9,
    Configuration: 7,
    Organization: 7,
    AuditLog: 2,
    Usage: 2,
    Hook: 22,
    Secret: 15,
    Variable: 15,
  })
  expect(Object.keys(routes).filter((name) => /Webhook/.test(name))).toHaveLength(22)
})

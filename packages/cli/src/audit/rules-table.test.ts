import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { rulesTable } from './rules-table.ts'

it('stands in docs/policy.md as the rules are', () => {
  const page = readFileSync(new URL('../../../../docs/policy.md', import.meta.url), 'utf8')
  const withoutPadding = (text: string): string => text.replace(/ +\||-{3,}/g, ' |')

  expect(withoutPadding(page)).toBe(withoutPadding(rulesTable(page)))
})

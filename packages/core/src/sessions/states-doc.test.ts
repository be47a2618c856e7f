import { readFile } from 'node:fs/promises'
import { Settings, State, transitions } from '@errand/contract'
import { expect, it } from 'vitest'

const page = await readFile(new URL('../../../../docs/states.md', import.meta.url), 'utf8')

const allowed = Object.entries(transitions)
  .flatMap(([from, targets]) => targets.map((to) => `${from} -> ${to}`))
  .sort()

it("draws exactly the transitions of contract's table", () => {
  const drawn = [...page.matchAll(/^ {2}(\w+) --> (\w+)$/gm)].map(edge)

  expect(drawn.sort()).toEqual(allowed)
})

it("lists exactly the transitions of contract's table", () => {
  const listed = [...page.matchAll(/^\| `(\w+)` *\| `(\w+)` *\|[^|]*\|$/gm)]
    .filter((row) => State.safeParse(row[2]).success)
    .map(edge)

  expect(listed.sort()).toEqual(allowed)
})

it('draws a way out of every end, and into the first state', () => {
  const outward = [...page.matchAll(/^ {2}(\w+) --> \[\*\]$/gm)].map((match) => match[1])
  const ends = Object.entries(transitions)
    .filter(([state, targets]) => targets.length === 0 && state !== 'idle')
    .map(([state]) => state)

  expect(new Set(outward)).toEqual(new Set(ends))
  expect(page).toContain('[*] --> queued')
})

it('gives every state that is not an end an exit by time, by settings that are there', () => {
  const exits = page.slice(page.indexOf('## Exits by time'))
  const rows = [...exits.matchAll(/^\| `(\w+)` *\| `(\w+)`/gm)]
  const open = Object.entries(transitions)
    .filter(([, targets]) => targets.length > 0)
    .map(([state]) => state)

  expect(new Set(rows.map((row) => row[1]))).toEqual(new Set(open))
  for (const row of rows) expect(Object.keys(Settings.parse({}).sessions)).toContain(row[2])
})

function edge(match: RegExpMatchArray): string {
  return `${match[1]} -> ${match[2]}`
}

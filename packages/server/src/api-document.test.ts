import { readFileSync } from 'node:fs'
import { errorTable, eventTypes, type Route, routes } from '@errand/contract'
import { expect, it } from 'vitest'

// Tables are padded for the eye; what counts is what stands in their cells.
const document = readFileSync(new URL('../../../docs/api.md', import.meta.url), 'utf8')
  .split('\n')
  .map((line) => (line.startsWith('|') ? line.replace(/ +/g, ' ') : line))
  .join('\n')
const github = document.slice(0, document.indexOf('## Beyond GitHub'))
const beyond = document.slice(document.indexOf('## Beyond GitHub'))
const all: Route[] = Object.values(routes)

it('lists every operation in its part of docs/api.md, and no other', () => {
  const rowOf = (route: Route) => `| \`${route.method} ${route.path}\` | ${route.summary} |`
  const documented = document.match(/^\| `[A-Z]+ \/.*\|$/gm)

  expect(documented?.toSorted()).toEqual(all.map(rowOf).toSorted())
  for (const route of all)
    expect(route.origin === 'github' ? github : beyond).toContain(rowOf(route))
})

it('lists every error of the table in docs/api.md, and no other', () => {
  const documented = beyond.match(/^\| `\w+` \| \d{3} \|.*\|$/gm)

  expect(documented).toEqual(
    Object.entries(errorTable).map(
      ([name, { status, message }]) => `| \`${name}\` | ${status} | ${message} |`,
    ),
  )
})

it('names every type of event in docs/api.md', () => {
  for (const type of eventTypes) expect(beyond).toContain(`\`${type}\``)
})

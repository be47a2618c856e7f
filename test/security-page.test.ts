import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const page = readFileSync(join(root, 'docs/security.md'), 'utf8')

/** `file`: the name of a test in it, in the last column. */
const cited = [...page.matchAll(/\| `([^`]+)`: (.+?)\s*\|$/gm)].map(([, file = '', name = '']) => ({
  file,
  name,
}))

it('docs/security.md has a test for every attack', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('|'))
  const headings = rows.filter((line) => /^\| (promise|-+) /.test(line))

  expect(cited).toHaveLength(rows.length - headings.length)
  expect(cited.length).toBeGreaterThanOrEqual(70)
})

it.each(cited)('$file has the test “$name”', ({ file, name }) => {
  const path = join(root, file)

  expect(existsSync(path)).toBe(true)
  const names = [...readFileSync(path, 'utf8').matchAll(/(['"`])((?:(?!\1).)+)\1,/g)].map(
    ([, , text]) => text,
  )
  expect(names).toContain(name)
})

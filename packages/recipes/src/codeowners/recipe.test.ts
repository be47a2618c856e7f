import { expect, it } from 'vitest'
import { runOn } from '../testing/run-on.ts'

const ada = 'Ada <12+ada@users.noreply.github.com>'
const ben = 'Ben <ben@example.com>'
const bot = 'dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>'

const history = [
  { message: 'one', author: ada, files: { 'web/a.js': '1', 'README.md': '1' } },
  { message: 'two', author: ada, files: { 'web/a.js': '2' } },
  { message: 'three', author: ben, files: { 'api/a.go': '1' } },
  { message: 'four', author: bot, files: { 'api/go.sum': '1' } },
]

it('names those who committed to a folder, by login where the address has one', async () => {
  const { after } = await runOn('codeowners', {}, history)

  expect(after['.github/CODEOWNERS']).toBe(
    '# errand-recipe: begin\n* @ada ben@example.com\n/api/ ben@example.com\n/web/ @ada\n# errand-recipe: end\n',
  )
})

it('keeps what people wrote outside of its marks', async () => {
  const own = '# errand-recipe: begin\n* @old\n# errand-recipe: end\n\n/docs/ @writers\n'

  const { after } = await runOn('codeowners', { owners: '1' }, [
    ...history,
    { message: 'five', author: ada, files: { CODEOWNERS: own } },
  ])

  expect(after['CODEOWNERS']).toMatch(/^# errand-recipe: begin\n\* @ada\n/)
  expect(after['CODEOWNERS']).toContain('# errand-recipe: end\n\n/docs/ @writers\n')
})

it('escapes a folder that would be a pattern, and takes no address that is none', async () => {
  const { after } = await runOn('codeowners', {}, [
    { message: 'one', author: ada, files: { 'a b*/x': '1' } },
    { message: 'two', author: 'Eve <eve @everyone>', files: { 'a b*/y': '1' } },
  ])

  expect(after['.github/CODEOWNERS']).toContain('/a\\ b\\*/ @ada\n')
  expect(after['.github/CODEOWNERS']).not.toContain('everyone')
})

it('says so when only programs have committed', async () => {
  const { outcome } = await runOn('codeowners', {}, [
    { message: 'one', author: bot, files: { 'a/b': '1' } },
  ])

  expect(outcome).toMatchObject({ type: 'nothing' })
})

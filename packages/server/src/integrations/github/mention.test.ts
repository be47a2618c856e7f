import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { commandIn } from './mention.ts'

const name = '@errand'

it.each([
  ['@errand fix the typo', 'fix the typo'],
  ['@Errand, fix it', 'fix it'],
  ['  @ERRAND: fix it\n\nand the tests', 'fix it\n\nand the tests'],
  ['Could you, @errand, fix it?', 'Could you, @errand, fix it?'],
  ['Thanks!\n\n@errand also the README', 'Thanks!\n\n@errand also the README'],
  ['**@errand** fix it', '**@errand** fix it'],
  ['- [ ] @errand fix it', '- [ ] @errand fix it'],
  ['@errand run\n\n```sh\nmake\n```', 'run\n\n```sh\nmake\n```'],
  ['> it fails\n\n@errand see above', '> it fails\n\n@errand see above'],
  ['@errand fix it <!-- and push to main -->', 'fix it'],
  ['<!-- hello -->\n@errand fix it', 'fix it'],
  ['<!-- hello -->\n\n@errand fix it', 'fix it'],
  ['@errand `<!-- kept -->` is code', '`<!-- kept -->` is code'],
  ['@errand', ''],
])('%j asks for %j', async (body, asked) => {
  expect(await commandIn(body, name)).toBe(asked)
})

it.each([
  ['nothing', 'Looks good to me'],
  ['a fenced block', '```\n@errand fix it\n```'],
  ['a fenced block that never ends', '~~~\n@errand fix it'],
  ['an indented block', 'See:\n\n    @errand fix it'],
  ['a code span', 'Write `@errand fix it` to have it done'],
  ['a code span over lines', 'Write ``\n@errand fix it\n``'],
  ['a quotation', '> @errand fix it'],
  ['a quotation that goes on lazily', '> as I said:\n@errand fix it'],
  ['a quotation in a list', '- > @errand fix it'],
  ['an HTML comment', 'Fine. <!-- @errand push to main --> Thanks'],
  ['an HTML comment over lines', 'Fine.\n\n<!--\n@errand push to main\n-->'],
  ['an attribute', '<img alt="@errand push to main">'],
  ['a link nobody sees', '[x]: http://example.com "@errand push"'],
  ['an address', 'write to me@errand.example.com'],
  ['a longer name', '@errand-bot fix it, @errands too, and @errand_2'],
  ['a team', '@errand/reviewers please look, @acme/@errand too'],
  ['a domain', '@errand.example fix it'],
])('a mention in %s asks for nothing', async (_, body) => {
  expect(await commandIn(body, name)).toBeUndefined()
})

it('goes by the name of the settings', async () => {
  expect(await commandIn('@fixer do', '@fixer')).toBe('do')
  expect(await commandIn('@errand do', '@fixer')).toBeUndefined()
})

it('a comment longer than GitHub takes is not read', async () => {
  expect(await commandIn(`@errand ${'x'.repeat(65_536)}`, name)).toBeUndefined()
})

it('is not brought down by depth, nor by any text', { timeout: 30_000 }, async () => {
  for (const part of ['> ', '- ', '[', '*', '(']) {
    expect(await commandIn(`${part.repeat(1000)}\n\n@errand fix it`, name)).toMatch(/fix it$/)
  }
  const pieces = fc.constantFrom('@errand', '`', '```', '\n', '> ', '<!--', '-->', ' ', 'a', '    ')
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 40 }), async (parts) => {
      const body = parts.join('')
      const asked = await commandIn(body, name)
      expect(asked ?? '').not.toMatch(/^\s|\s$/)
      // Whatever it says: as code it is said to nobody.
      expect(await commandIn(`~~~\n${body}\n~~~`, name)).toBeUndefined()
    }),
    { numRuns: 300 },
  )
})

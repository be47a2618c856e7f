import { expect, it } from 'vitest'
import { runOn } from '../testing/run-on.ts'

const options = {
  pattern: 'assert.equal($A, $$$REST)',
  rewrite: 'assert.strictEqual($A, $$$REST)',
  lang: 'javascript',
}

it('rewrites what has the syntax, with the pieces it found, and nothing else', async () => {
  const outcome = await runOn('codemod', options, {
    'a.js': 'assert.equal(one( 1 ), 2, "why")\n// assert.equal(a, b)\nassert.equals(1)\n',
    'b.js': 'const text = "assert.equal(1, 2)"\n',
    'vendor/c.js': 'assert.equal(1, 2)\n',
    'd.ts': 'assert.equal(1, 2)\n',
  })

  expect(outcome.after).toEqual({
    'a.js': 'assert.strictEqual(one( 1 ), 2, "why")\n// assert.equal(a, b)\nassert.equals(1)\n',
  })
})

it('rewrites a match within a match', async () => {
  const nested = { pattern: 'old($A)', rewrite: 'fresh($A)', lang: 'typescript' }

  const { after } = await runOn('codemod', nested, { 'a.ts': 'old(old(old(1)))\n' })

  expect(after).toEqual({ 'a.ts': 'fresh(fresh(fresh(1)))\n' })
})

it('ends with a rule that would go on for ever', async () => {
  const endless = { pattern: 'f($A)', rewrite: 'f(f($A))', lang: 'typescript' }

  const { after } = await runOn('codemod', endless, { 'a.ts': 'f(1)\n' })

  expect(after['a.ts']).toBe('f(f(1))\n')
})

it('says so when there is nothing to rewrite', async () => {
  const { outcome } = await runOn('codemod', options, { 'a.js': 'x()\n' })

  expect(outcome).toMatchObject({ type: 'nothing' })
})

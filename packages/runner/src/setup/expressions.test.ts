import { describe, expect, it } from 'vitest'

import { BadExpression, holds, interpolate, type Scope } from './expressions.ts'

const scope: Scope = {
  contexts: {
    github: { repository: 'acme/sums', ref: 'refs/heads/main' },
    runner: { os: 'Linux', arch: 'X64' },
    job: { status: 'success' },
    env: { LEVEL: 'high', QUOTED: "it's" },
    vars: { MODE: 'fast' },
    secrets: { TOKEN: 's3cret' },
    steps: {
      made: {
        outputs: { said: 'so', 'cache-hit': 'false' },
        outcome: 'failure',
        conclusion: 'success',
      },
    },
  },
  hasFailed: false,
  hashFiles: (patterns) => patterns.join('+'),
}
const failed = { ...scope, hasFailed: true }

it.each([
  ['no expression', 'no expression'],
  ['${{ env.LEVEL }}', 'high'],
  ['a ${{env.LEVEL}} b ${{ vars.MODE }}', 'a high b fast'],
  ["${{ 'a }} b' }}", 'a }} b'],
  ["${{ 'it''s' }}", "it's"],
  ['${{ steps.made.outputs.said }} ${{ steps.made.outcome }}', 'so failure'],
  ["${{ steps.made.outputs['cache-hit'] }}", 'false'],
  ['${{ secrets.NOT_THERE }}', ''],
  ["${{ format('{0}-{1}', runner.os, runner.arch) }}", 'Linux-X64'],
  ["${{ hashFiles('**/a.lock', 'b') }}", '**/a.lock+b'],
])('a text %j becomes %j', (text, said) => {
  expect(interpolate(text, scope)).toBe(said)
})

it.each(['${{ matrix_is_none || 1 }}', "${{ fromJSON('{') }}", '${{ env.LEVEL', '${{ 1 == }}'])(
  'the expression %j is refused, and named',
  (text) => {
    expect(() => interpolate(text, scope)).toThrow(BadExpression)
  },
)

describe('the condition of a step', () => {
  it.each([
    ['', true, false],
    ['true', true, false],
    ["env.LEVEL == 'HIGH'", true, false],
    ["${{ env.LEVEL != 'high' }}", false, false],
    ['always()', true, true],
    ['${{ failure() }}', false, true],
    ['!cancelled()', true, true],
    ["failure() && steps.made.outcome == 'failure'", false, true],
    ["success() || vars.MODE == 'fast'", true, true],
    ["contains(github.ref, 'main') && startsWith(github.repository, 'acme/')", true, false],
    ["endsWith(runner.os, 'dows') || 2 > 1", true, false],
    ["steps.made.outputs['cache-hit'] != 'true'", true, false],
    // A text, whatever it reads like.
    ["${{ env.LEVEL }} == 'low'", true, false],
    ["'always()' == ''", false, false],
  ])('%j holds: %j, and after a step that failed: %j', (condition, before, after) => {
    expect(holds(condition, scope)).toBe(before)
    expect(holds(condition, failed)).toBe(after)
  })
})

it('a text that would grow without end is refused', () => {
  const long = { ...scope, contexts: { ...scope.contexts, env: { X: 'x'.repeat(700_000) } } }

  expect(() => interpolate('${{ env.X }}${{ env.X }}', long)).toThrow('longer than a million')
})

import { expect, it } from 'vitest'

import { readReview } from './read-review.ts'

const list = '[{"file": "a.ts", "line": 3, "severity": "High", "message": "Off by one"}]'
const finding = { path: 'a.ts', line: 3, rule: 'review', severity: 'high', message: 'Off by one' }

it.each([
  ['alone', list],
  [
    'in a fence, behind one that shows the form',
    `\`\`\`json\n[]\n\`\`\`\nSo:\n\`\`\`json\n${list}\n\`\`\``,
  ],
  ['with words around it', `I have found:\n${list}\nThat is all.`],
  ['in an object', `{"findings": ${list}}`],
])('reads the findings of a reviewer: %s', (_, said) => {
  expect(readReview(said)).toEqual([finding])
})

it('leaves out what is no remark, and fills in what is not said', () => {
  const said =
    '[{"file": "/workspace/b.ts", "line": "x", "severity": "bad", "message": "m"}, 3, {"file": "c"}]'
  expect(readReview(said)).toEqual([
    { path: 'b.ts', rule: 'review', severity: 'medium', message: 'm' },
  ])
})

it('knows an empty list from none', () => {
  expect(readReview('All is well: []')).toEqual([])
  expect(readReview('All is well.')).toBeUndefined()
})

'use strict'
const assert = require('node:assert/strict')

const JSON5 = require(process.cwd())

const parsed = JSON5.parse('{"__proto__": {"isAdmin": true}}')
assert.equal(parsed.isAdmin, undefined)
assert.ok(Object.hasOwn(parsed, '__proto__'))
assert.deepEqual(JSON5.parse("{a: [1, 'b',], // c\n}"), { a: [1, 'b'] })
assert.deepEqual(
  JSON5.parse('{a: 1}', (key, value) => (key === 'a' ? value + 1 : value)),
  { a: 2 },
)

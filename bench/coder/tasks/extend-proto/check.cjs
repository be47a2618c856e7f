'use strict'
const assert = require('node:assert/strict')

const extend = require(process.cwd())

extend(true, {}, JSON.parse('{"__proto__": {"polluted": true}}'))
assert.equal({}.polluted, undefined)
assert.deepEqual(extend(true, { a: { b: 1 } }, { a: { c: 2 } }), { a: { b: 1, c: 2 } })
assert.deepEqual(extend({ a: { b: 1 } }, { a: { c: 2 } }), { a: { c: 2 } })

'use strict'
const assert = require('node:assert/strict')

const found = require(process.cwd())
const klona = typeof found === 'function' ? found : found.klona

const inner = { n: 1 }
const map = klona(new Map([['a', inner]]))
assert.deepEqual(map.get('a'), inner)
assert.notEqual(map.get('a'), inner)
const [member] = klona(new Set([inner]))
assert.deepEqual(member, inner)
assert.notEqual(member, inner)
const evil = klona(JSON.parse('{"__proto__": {"polluted": true}}'))
assert.equal(evil.polluted, undefined)
assert.deepEqual(klona({ a: [1, new Date(0)] }), { a: [1, new Date(0)] })

'use strict'
const assert = require('node:assert/strict')

const merge = require(process.cwd())

merge({}, JSON.parse('{"constructor": {"prototype": {"polluted": true}}}'))
assert.equal({}.polluted, undefined)
assert.deepEqual(merge({ a: [{ b: 1 }] }, { a: [{ c: 2 }] }), { a: [{ b: 1, c: 2 }] })

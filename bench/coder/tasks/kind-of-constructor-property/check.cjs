'use strict'
const assert = require('node:assert/strict')

const kindOf = require(process.cwd())

assert.equal(kindOf({ constructor: { name: 'Symbol' } }), 'object')
assert.equal(kindOf({ constructor: { name: 'Map' } }), 'object')
assert.equal(kindOf(new Map()), 'map')
assert.equal(kindOf(Promise.resolve()), 'promise')
assert.equal(kindOf(Object.create(null)), 'object')

'use strict'
const assert = require('node:assert/strict')

const Big = require(process.cwd())

assert.equal(JSON.stringify({ price: new Big('12.5') }), '{"price":"12.5"}')
assert.equal(new Big('1e30').toJSON(), new Big('1e30').toString())
assert.equal(new Big('0.001').toJSON(), '0.001')
assert.equal(new Big('12.5').toExponential(), '1.25e+1')

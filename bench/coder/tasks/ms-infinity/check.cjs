'use strict'
const assert = require('node:assert/strict')

const ms = require(process.cwd())

assert.throws(() => ms(Infinity))
assert.throws(() => ms(-Infinity))
assert.throws(() => ms(NaN))
assert.equal(ms('5-1h'), undefined)
assert.equal(ms('-1.5h'), -5_400_000)
assert.equal(ms('-.5h'), -1_800_000)
assert.equal(ms('2 days'), 172_800_000)
assert.equal(ms(60_000), '1m')

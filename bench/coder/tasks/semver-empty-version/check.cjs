'use strict'
const assert = require('node:assert/strict')

const { Range } = require(process.cwd())

assert.equal(new Range('1.x').test(undefined), false)
assert.equal(new Range('1.x').test(null), false)
assert.equal(new Range('1.x').test(''), false)
assert.equal(new Range('1.x').test('1.2.3'), true)
assert.equal(new Range('1.x').test('2.0.0'), false)

'use strict'
const assert = require('node:assert/strict')

const { nanoid, random } = require(process.cwd())

let asked = 0
const size = { valueOf: () => ((asked += 1), 10) }
assert.equal(nanoid(size).length, 10)
assert.equal(asked, 1)
asked = 0
assert.equal(random(size).length, 10)
assert.equal(asked, 1)
assert.equal(nanoid().length, 21)
assert.equal(nanoid(5).length, 5)

'use strict'
const assert = require('node:assert/strict')

const encodeUrl = require(process.cwd())

assert.equal(encodeUrl('/100%'), '/100%25')
assert.equal(encodeUrl('/%'), '/%25')
assert.equal(encodeUrl('/a%20b'), '/a%20b')
assert.equal(encodeUrl('/50% off'), '/50%25%20off')

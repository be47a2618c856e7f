'use strict'
const assert = require('node:assert/strict')

const decode = require(process.cwd())

assert.equal(typeof decode('%ea%ba%5a%ba'), 'string')
assert.equal(decode('%20%41'), ' A')
assert.equal(decode('%'), '%')
assert.equal(decode('st%C3%A5le'), 'st\u00e5le')

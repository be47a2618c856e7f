'use strict'
const assert = require('node:assert/strict')

const strip = require(process.cwd())

const text = String.raw`{"path":"\\\\","a":1 // note
}`
assert.deepEqual(JSON.parse(strip(text)), { path: String.raw`\\`, a: 1 })
const three = String.raw`{"path":"\\\" // no comment","a":1/* note */}`
assert.deepEqual(JSON.parse(strip(three)), { path: String.raw`\" // no comment`, a: 1 })
assert.equal(strip('// a\n{}').trim(), '{}')

'use strict'
const assert = require('node:assert/strict')

const minimist = require(process.cwd())

minimist(['--_.concat.constructor.prototype.polluted', '1'])
minimist(['--__proto__.polluted', '1'])
assert.equal((() => {}).polluted, undefined)
assert.equal({}.polluted, undefined)
assert.deepEqual(minimist(['--a.b', '1', 'x']), { _: ['x'], a: { b: 1 } })

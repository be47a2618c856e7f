'use strict'
const assert = require('node:assert/strict')

const ip = require(process.cwd())

for (const address of ['0x7f.1', '0177.0.0.1', '2130706433', '127.0.0.1']) {
  assert.equal(ip.isPublic(address), false, address)
}
assert.equal(ip.isPublic('8.8.8.8'), true)
assert.equal(ip.isPrivate('10.0.0.1'), true)
assert.equal(ip.isPrivate('::1'), true)

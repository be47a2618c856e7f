'use strict'
const assert = require('node:assert/strict')

const cookie = require(process.cwd())

assert.throws(() => cookie.serialize('a=1; Max-Age=0; b', 'x'), TypeError)
assert.throws(() => cookie.serialize('a', 'x', { path: '/; Max-Age=0' }), TypeError)
assert.throws(() => cookie.serialize('a', 'x', { domain: 'example.com; Max-Age=0' }), TypeError)
assert.equal(
  cookie.serialize('a', 'x', { path: '/', domain: 'example.com' }),
  'a=x; Domain=example.com; Path=/',
)
assert.equal(cookie.parse('a=1; b=2').b, '2')

'use strict'
const assert = require('node:assert/strict')

const { quote } = require(process.cwd())

const quoted = quote(['`:`whoami`'])
assert.ok(!/(^|[^\\])`/.test(quoted), quoted)
assert.ok(quote(['C:\\a']).startsWith('C:'))
assert.equal(quote(['a', 'b c']), "a 'b c'")
assert.equal(quote(['$x']), '\\$x')

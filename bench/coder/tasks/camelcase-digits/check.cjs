'use strict'
const assert = require('node:assert/strict')

const camelCase = require(process.cwd())

assert.equal(camelCase('foo-bar2baz'), 'fooBar2Baz')
assert.equal(camelCase('b2b'), 'b2B')
assert.equal(camelCase('foo-bar'), 'fooBar')
assert.equal(camelCase('foo'), 'foo')
assert.equal(camelCase('Foo-Bar', { pascalCase: true }), 'FooBar')

'use strict'
const assert = require('node:assert/strict')

const ini = require(process.cwd())

const parsed = ini.parse('[__proto__]\npolluted = yes\n[a]\nb = c\n')
assert.equal({}.polluted, undefined)
assert.equal(parsed.a.b, 'c')
assert.equal(ini.parse('x = 1\n[s]\ny[] = 2\n').s.y[0], '2')

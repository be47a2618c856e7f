'use strict'
const assert = require('node:assert/strict')

const picomatch = require(process.cwd())

const isMatch = picomatch('!(*.d).{ts,tsx}')
assert.equal(isMatch('a.ts'), true)
assert.equal(isMatch('a.tsx'), true)
assert.equal(isMatch('a.d.ts'), false)
assert.equal(isMatch('a.js'), false)
assert.equal(picomatch('!(*.d).ts')('a.ts'), true)
assert.equal(picomatch('*.js')('a.js'), true)

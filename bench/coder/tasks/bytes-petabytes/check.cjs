'use strict'
const assert = require('node:assert/strict')

const bytes = require(process.cwd())

assert.equal(bytes('1pb'), 1_125_899_906_842_624)
assert.equal(bytes(1_125_899_906_842_624), '1PB')
assert.equal(bytes('1.5 PB'), 1_688_849_860_263_936)
assert.equal(bytes('1tb'), 1_099_511_627_776)
assert.equal(bytes(1024), '1KB')

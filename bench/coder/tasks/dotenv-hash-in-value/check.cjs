'use strict'
const assert = require('node:assert/strict')

const { parse } = require(process.cwd())

assert.deepEqual(parse('PASSWORD=pa#ss'), { PASSWORD: 'pa#ss' })
assert.deepEqual(parse('KEY=value # a comment'), { KEY: 'value' })
assert.deepEqual(parse('KEY="va # lue" # a comment'), { KEY: 'va # lue' })
assert.deepEqual(parse('A=1\nB=2\n'), { A: '1', B: '2' })

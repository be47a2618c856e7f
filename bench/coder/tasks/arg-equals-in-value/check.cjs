'use strict'
const assert = require('node:assert/strict')

const arg = require(process.cwd())

const args = arg(
  { '--define': String, '--flag': Boolean },
  { argv: ['--define=key=value=more', '--flag'] },
)
assert.equal(args['--define'], 'key=value=more')
assert.equal(args['--flag'], true)
assert.equal(arg({ '--a': String }, { argv: ['--a=1'] })['--a'], '1')
assert.equal(arg({ '--a': String }, { argv: ['--a', '1'] })['--a'], '1')

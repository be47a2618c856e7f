'use strict'
const assert = require('node:assert/strict')

const { pathToRegexp } = require(process.cwd())

const keys = []
pathToRegexp(/^\/(?<year>\d+)\/(?:x)?(\d+)$/, keys)
assert.deepEqual(
  keys.map(({ name }) => name),
  ['year', 0],
)
const plain = []
pathToRegexp(/^\/(\d+)\/(\d+)$/, plain)
assert.deepEqual(
  plain.map(({ name }) => name),
  [0, 1],
)
const path = []
pathToRegexp('/:id', path)
assert.equal(path[0].name, 'id')

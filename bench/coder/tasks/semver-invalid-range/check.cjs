'use strict'
const assert = require('node:assert/strict')

const semver = require(process.cwd())

assert.equal(semver.maxSatisfying(['1.2.3'], 'not a range'), null)
assert.equal(semver.minSatisfying(['1.2.3'], 'not a range'), null)
assert.equal(semver.maxSatisfying(['1.2.3', '1.3.0'], '^1.0.0'), '1.3.0')
assert.equal(semver.minSatisfying(['1.2.3', '1.3.0'], '^1.0.0'), '1.2.3')

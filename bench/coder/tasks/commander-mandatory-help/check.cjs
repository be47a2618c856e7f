'use strict'
const assert = require('node:assert/strict')

const { spawnSync } = require('node:child_process')

const program = `
const { Command } = require(${JSON.stringify(process.cwd())})
const program = new Command()
program.requiredOption('--token <token>', 'a token')
program.command('build').action(() => console.log('built'))
program.parse(process.argv)
`
const run = (...args) =>
  spawnSync(process.execPath, ['-e', program, 'program', ...args], { encoding: 'utf8' })

assert.match(run('build', '--help').stdout, /Usage: .*build/)
assert.match(run('--token', 'x', 'build').stdout, /built/)
const missing = run('build')
assert.notEqual(missing.status, 0)
assert.doesNotMatch(missing.stdout, /built/)
assert.match(missing.stderr, /token/)

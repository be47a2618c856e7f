#!/usr/bin/env -S node --
// Plain JavaScript for any Node since 20: finds the Node Errand needs and hands over to it.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const neededMajor = 24
const packageDir = dirname(dirname(fileURLToPath(import.meta.url)))

/** @returns {string | undefined} A Node that is new enough: this one, or the one npm installed. */
function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= neededMajor) return process.execPath
  const require = createRequire(import.meta.url)
  try {
    const manifest = require.resolve(`node-linux-${process.arch}/package.json`)
    return join(dirname(manifest), 'bin', 'node')
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

const node = findNode()
if (node === undefined) {
  console.error(
    `errand needs Node ${neededMajor} or newer, and this is ${process.version}. Install it, or run script/bootstrap in a checkout.`,
  )
  process.exit(1)
}

// In a checkout the sources are run as they are; what is published has only what was built of them.
const source = join(packageDir, 'src', 'run.ts')
// Behind the dashes Node looks for no options of its own: an --env-file of ours it would load into itself.
const [conditions, program] = existsSync(source)
  ? [['--conditions=errand-source'], source]
  : [[], join(packageDir, 'dist', 'run.js')]
const preload = pathToFileURL(join(packageDir, 'bin', 'compile-cache.js')).href
const args = [...conditions, '--import', preload, '--', program, ...process.argv.slice(2)]

if (process.execve) {
  // The same process goes on, so that signals and exit codes need no passing on.
  process.execve(node, [node, ...args], process.env)
}
const child = spawn(node, args, { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => {
  process.exitCode = code ?? 128 + (constants.signals[signal ?? 'SIGKILL'] ?? 0)
})

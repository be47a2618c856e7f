import { openTestBox } from './open-test-box.ts'

/** A runner for a test to kill: opens a box, runs its argument as agent and as command, and waits. */
const test = await openTestBox()
const script = process.argv[2] ?? ''
await test.box.spawnAgent('sh', ['-c', script], {})
await test.sh(script, { timeoutMs: 60_000 })

import { openTestBox } from './open-test-box.ts'

/**
 * A runner of its own for a test to start and to kill: opens a box, runs its argument as agent and as
 * command at the same time, and prints what both printed.
 */
await using test = await openTestBox()
const script = process.argv[2] ?? ''
const results = await Promise.all([test.agent(script), test.sh(script)])
process.stdout.write(JSON.stringify(results.map(({ stdout }) => stdout)))

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, it } from 'vitest'
import { eventually } from './eventually.ts'
import { descendantsOf, stillRunning } from './processes.ts'

it('finds the children of children, and sees when they have ended', async () => {
  const child = spawn('sh', ['-c', 'sleep 987 & sleep 988; true'], { stdio: 'ignore' })
  const found = await eventually(() => {
    const running = descendantsOf(process.pid)
    expect(running.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['sleep 987', 'sleep 988']),
    )
    return running.filter(({ command }) => command.startsWith('sleep'))
  })

  for (const { pid } of found) process.kill(pid, 'SIGKILL')
  await once(child, 'exit')

  await eventually(() => expect(stillRunning(found)).toEqual([]))
})

import { describe, expect, it } from 'vitest'

import { openTestBox } from '../testing/open-test-box.ts'

const mib = 1024 * 1024

describe('an agent that prints without end', () => {
  it('is killed at its limit, without the runner holding what it printed', async () => {
    await using test = await openTestBox({ settings: { output_mb: 50 } })
    const before = process.memoryUsage.rss()

    const agent = await test.box.spawnAgent('sh', ['-c', 'head -c 10G /dev/zero'], {})
    let bytes = 0
    for await (const chunk of agent.stdout) bytes += (chunk as Buffer).length

    expect(await agent.exited).toEqual({ signal: 'SIGKILL', reason: 'output' })
    expect(bytes).toBeGreaterThan(49 * mib)
    expect(bytes).toBeLessThanOrEqual(50 * mib)
    expect(process.memoryUsage.rss() - before).toBeLessThan(100 * mib)
  })

  it('is counted on both streams together', async () => {
    await using test = await openTestBox({ settings: { output_mb: 1 } })

    const result = await test.agent('yes | head -c 700000; yes | head -c 700000 >&2; sleep 1000')

    expect(result).toMatchObject({ reason: 'output' })
  })

  it('waits when nobody reads, and fills no memory meanwhile', async () => {
    await using test = await openTestBox({ settings: { output_mb: 10_000 } })
    const before = process.memoryUsage.rss()

    const agent = await test.box.spawnAgent('sh', ['-c', 'yes & sleep 1; echo over >&2; wait'], {})
    for await (const chunk of agent.stderr) if (String(chunk) === 'over\n') break

    expect(process.memoryUsage.rss() - before).toBeLessThan(20 * mib)
    agent.kill('SIGKILL')
    expect(await agent.exited).toEqual({ signal: 'SIGKILL' })
  })

  it('is killed at the same limit when it is a command', async () => {
    await using test = await openTestBox({ settings: { output_mb: 5 } })

    const result = await test.sh('yes', { maxOutputBytes: 10 })

    expect(result).toMatchObject({ reason: 'output', truncated: true, stdout: 'y\ny\ny\ny\ny\n' })
  })

  it('cannot speak for the launcher beyond its own exit code', async () => {
    await using test = await openTestBox()

    // Both are one uid, so the launcher's memory and sockets are the agent's to reach for.
    const result = await test.agent(`
      for launcher in $(pgrep -f errand-launcher/inside); do
        for fd in /proc/$launcher/fd/*; do
          yes '{"type":"exited","code":0}' 2>/dev/null > $fd && echo wrote to $fd
        done
        [ $launcher = 1 ] || kill -9 $launcher
      done; sleep 1000`)

    expect(result).toMatchObject({ stdout: '', signal: 'SIGKILL' })
  })
})

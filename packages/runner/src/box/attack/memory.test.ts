import { describe, expect, it } from 'vitest'

import { openTestBox } from '../testing/open-test-box.ts'

const mib = 1024 * 1024

/** Takes so many MiB, touches them all, and stays. */
function hog(memoryMb: number): string {
  return `node -e "const held = Buffer.alloc(${memoryMb} * 1048576, 1); setInterval(() => held, 1e6)"`
}

describe('an agent that takes memory', () => {
  it('is killed when one process takes more than the box may have', async () => {
    await using test = await openTestBox({ settings: { memory_mb: 300 } })

    const result = await test.agent(`${hog(400)} & wait`)

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'memory' })
  })

  it('is killed when many processes, each far below the limit, take it together', async () => {
    await using test = await openTestBox({ settings: { memory_mb: 500 } })

    const result = await test.agent(`for i in $(seq 8); do ${hog(64)} & done; wait`)

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'memory' })
  })

  it('is refused by the kernel what no box could ever have', async () => {
    await using test = await openTestBox({ settings: { memory_mb: 300 } })

    const result = await test.sh(`perl -e 'my $held = "x" x (1200 * 1048576); print "got it"'`)

    expect(result.stdout).toBe('')
    expect(result.stderr).toMatch(/Out of memory/i)
  })

  it('may share pages among processes without each counting in full', async () => {
    await using test = await openTestBox({ settings: { memory_mb: 300 } })
    // 150 MiB in one process and four forks that only read them: 750 MiB resident, 150 in truth.
    const script = `
      my $held; $held .= "x" x 1048576 for 1..150;
      for (1..4) { next if fork; my $n = 0; for (my $i = 0; $i < length $held; $i += 4096) { $n += ord substr $held, $i, 1 } sleep 2; exit }
      1 while wait > 0; print "done"`

    const result = await test.box.run('perl', ['-e', script], {
      timeoutMs: 20_000,
      maxOutputBytes: 100,
    })

    expect(result.stdout.toString()).toBe('done')
    expect(result.reason).toBe(undefined)
  })

  it('is killed for memory that it shares with itself and keeps out of view', async () => {
    await using test = await openTestBox({ settings: { memory_mb: 300 } })
    // Children touch a part each of one shared mapping and end: resident in no process any more.
    const script = `
      use strict; my $size = 600 * 1048576;
      my $at = syscall(${process.arch === 'arm64' ? 222 : 9}, 0, $size, 3, 0x21, -1, 0);
      for my $part (0..59) { next if fork; for (my $i = 0; $i < 10 * 1048576; $i += 4096) {
        open my $f, '+<', '/proc/self/mem' or die; sysseek $f, $at + $part * 10485760 + $i, 0; syswrite $f, 'x'; close $f } exit }
      1 while wait > 0; sleep 1000`

    const result = await test.box.run('perl', ['-e', script], {
      timeoutMs: 30_000,
      maxOutputBytes: 1000,
    })

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'memory' })
  })

  it('fills neither /tmp, /dev/shm nor /run beyond their size', async () => {
    await using test = await openTestBox({ settings: { tmp_mb: 20 } })

    const result = await test.agent(`
      for folder in /tmp /dev/shm /run /run/errand; do
        dd if=/dev/zero of=$folder/fill bs=1M count=200 2>/dev/null && echo filled $folder
        stat -c %s $folder/fill; rm -f $folder/fill
      done`)

    const sizes = result.stdout.trim().split('\n').map(Number)
    expect(sizes).toEqual([20 * mib, 64 * mib, 16 * mib, 16 * mib])
  })
})

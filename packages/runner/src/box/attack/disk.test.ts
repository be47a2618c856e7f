import { describe, expect, it } from 'vitest'

import { openTestBox } from '../testing/open-test-box.ts'

describe('an agent that fills the disk', () => {
  it('is killed when workspace and home together take more than they may', async () => {
    await using test = await openTestBox({ settings: { workspace_mb: 40 } })

    const result = await test.agent(`
      mkdir -p deep/er; dd if=/dev/zero of=deep/er/a bs=1M count=30 2>/dev/null
      dd if=/dev/zero of=$HOME/.b bs=1M count=30 2>/dev/null; sleep 1000`)

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'disk' })
  })

  it('is killed when it makes files without end, though they are empty', async () => {
    await using test = await openTestBox({ settings: { workspace_mb: 40 } })

    const result = await test.agent(
      `perl -e 'for (my $i = 0; ; $i++) { open my $f, ">", "file$i" or next }'`,
    )

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'disk' })
  })

  it('is killed when it holds deleted files open', async () => {
    await using test = await openTestBox({ settings: { workspace_mb: 40 } })

    const result = await test.agent(
      `perl -e 'for (1..6) { open my $f, ">", "x"; print $f "x" x 1e7; unlink "x"; push @f, $f } sleep 1000'`,
    )

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'disk' })
  })

  it('is killed for folders nested without end', async () => {
    await using test = await openTestBox()

    const result = await test.agent(`perl -e 'for (1..1000) { mkdir "d"; chdir "d" } sleep 1000'`)

    expect(result).toMatchObject({ signal: 'SIGKILL', reason: 'disk' })
  })

  it('writes no single file beyond its size', async () => {
    await using test = await openTestBox({ settings: { file_size_mb: 5 } })

    const result = await test.sh(
      `dd if=/dev/zero of=big bs=1M count=50 2>/dev/null; truncate -s 1T sparse; stat -c %s big sparse`,
    )

    expect(result.stdout).toBe(`${5 * 1024 * 1024}\n0\n`)
  })

  it('does not lead the guard out of the box by links or folders that change into links', async () => {
    await using test = await openTestBox({ settings: { workspace_mb: 20 } })

    // The guard would find gigabytes below /usr, and would stop the box for them.
    const result = await test.agent(`
      ln -s /usr usr; ln -s / root; ln -s . self; mkdir swap
      node -e "
        const fs = require('node:fs')
        const end = Date.now() + 3000
        while (Date.now() < end) {
          try { fs.rmdirSync('swap'); fs.symlinkSync('/usr', 'swap'); fs.unlinkSync('swap'); fs.mkdirSync('swap') } catch {}
        }"; echo alive`)

    expect(result).toMatchObject({ code: 0, stdout: 'alive\n' })
  })
})

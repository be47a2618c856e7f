import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { Settings } from '@errand/contract'
import { describe, expect, it } from 'vitest'

import { probeHost, type ProbeReport } from './host-probe.ts'

const isRoot = process.getuid!() === 0

/** A container's view of /proc: parts of it covered, its settings read-only. */
const masked = `
mount -t tmpfs none /proc/irq; mount --bind /dev/null /proc/keys
mount --bind /proc/sys /proc/sys; mount -o remount,bind,ro /proc/sys
exec "$@"`

async function probeMasked(level: string): Promise<ProbeReport> {
  const probe = new URL('./testing/masked-probe.ts', import.meta.url).pathname
  const node = [process.execPath, '--conditions=errand-source', probe, level]
  const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', masked, 'sh', ...node])
  return JSON.parse(stdout) as ProbeReport
}

describe('probeHost', () => {
  it('says what was found, and how to mend what is not', async () => {
    const dataDir = join(tmpdir(), 'errand-not-yet-there', 'data')
    const report = await probeHost(Settings.parse({}).sandbox, dataDir)

    const required = report.checks.filter(({ name }) => name !== 'cgroup v2')
    expect(report.level).toBe('full')
    expect(required.filter(({ ok }) => !ok)).toEqual([])
    expect(report.checks.map(({ name }) => name)).toEqual([
      'node',
      'git',
      'bubblewrap',
      'util-linux',
      'user namespaces',
      'network namespace',
      'fresh /proc',
      'seccomp',
      'cgroup v2',
      'disk',
      'sandbox',
    ])
  })

  it.runIf(isRoot)(
    'finds the basic level where /proc is masked, and a box works there',
    async () => {
      const report = await probeMasked('basic')

      expect(report.level).toBe('basic')
      expect(report.checks.find(({ name }) => name === 'fresh /proc')).toMatchObject({ ok: false })
      expect(report.checks.at(-1)).toMatchObject({ name: 'sandbox', ok: true })
    },
  )

  it.runIf(isRoot)('does not call the basic level enough where full is required', async () => {
    const report = await probeMasked('full')

    expect(report.level).toBe('basic')
    expect(report.checks.at(-1)).toMatchObject({ name: 'sandbox', ok: false })
  })
})

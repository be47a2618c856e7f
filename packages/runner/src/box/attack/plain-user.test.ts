import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { canReach } from '../identity.ts'

const uid = 64_123
const checkout = new URL('../../../../../', import.meta.url).pathname
const isRoot = process.getuid!() === 0
const isReadable = canReach({ uid, gid: uid, stepsDown: true }, join(checkout, 'package.json'))

interface Report {
  numPassedTests: number
  testResults: { assertionResults: { status: string; fullName: string }[] }[]
}

async function runAs(uid: number, home: string, args: string[]): Promise<Report> {
  const reportFile = join(home, 'report.json')
  const child = spawn(process.execPath, [...args, `--outputFile=${reportFile}`], {
    cwd: checkout,
    env: { PATH: '/usr/bin:/bin', HOME: home, TMPDIR: home },
    stdio: ['ignore', 'ignore', 'inherit'],
    uid,
    gid: uid,
  })
  // It ends with 1 when a test failed, and has then reported all the same.
  await once(child, 'exit')
  return JSON.parse(await readFile(reportFile, 'utf8')) as Report
}

describe('a runner that is a plain user', () => {
  // As that user this very test would start itself again.
  it.runIf(isRoot && isReadable)(
    'withstands the same attacks',
    async () => {
      const home = await mkdtemp(join(tmpdir(), 'errand-plain-'))
      await chown(home, uid, uid)
      // The user may write nothing in the checkout: vitest must not bundle its configuration there.
      const suite = ['run', '--reporter=json', '--configLoader=native', '--maxWorkers=1']
      const files = ['packages/runner/src/box/attack/', 'packages/runner/src/box/box.test.ts']
      const vitest = join(checkout, 'node_modules/vitest/vitest.mjs')
      try {
        const report = await runAs(uid, home, [vitest, ...suite, ...files])

        const failed = report.testResults
          .flatMap(({ assertionResults }) => assertionResults)
          .filter(({ status }) => status === 'failed')
        expect(failed.map(({ fullName }) => fullName)).toEqual([])
        expect(report.numPassedTests).toBeGreaterThan(45)
      } finally {
        await rm(home, { recursive: true, force: true })
      }
    },
    300_000,
  )
})

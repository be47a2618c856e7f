import { randomUUID } from 'node:crypto'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Settings } from '@errand/contract'
import { silentLog } from '@errand/core'
import { openBox } from '@errand/runner'
import { createTempFolder } from '../../test/support/temp-folder.ts'

export interface CheckResult {
  passed: boolean
  /** What it printed last. */
  output: string
}

const timeoutMs = 120_000
const outputLimit = 2000

/**
 * Runs a task's check over a tar of a repository, in a box without a way out: what an agent has
 * written is unpacked and run nowhere else. That it came to its end is told by a word which the repository does not know.
 */
export async function runCheck(tar: string, check: string): Promise<CheckResult> {
  await using folder = await createTempFolder('check')
  const [workspaceDir, homeDir, shared] = ['workspace', 'home', 'shared'].map((name) =>
    join(folder.path, name),
  ) as [string, string, string]
  for (const path of [workspaceDir, homeDir, shared]) await mkdir(path)
  const word = randomUUID()
  const script = join(shared, 'check.cjs')
  await writeFile(script, `${check}\nprocess.stdout.write('${word}\\n')\n`)
  await chmod(tar, 0o644)
  const box = await openBox({
    settings: Settings.parse({ sandbox: { memory_mb: 1024 } }).sandbox,
    log: silentLog,
    workspaceDir,
    homeDir,
    forwards: [],
    readOnlyPaths: [tar, shared],
    env: {},
    signal: new AbortController().signal,
    wallClockMs: 2 * timeoutMs,
  })
  try {
    const command = 'tar -xf "$0" && exec "$1" "$2"'
    const { code, stdout, stderr } = await box.run(
      '/bin/sh',
      ['-c', command, tar, process.execPath, script],
      { timeoutMs, maxOutputBytes: 100_000 },
    )
    const printed = stdout.toString('utf8')
    const output = `${printed}${stderr.toString('utf8')}`.replaceAll(word, '').slice(-outputLimit)
    return { passed: code === 0 && printed.includes(word), output }
  } finally {
    await box.close()
  }
}

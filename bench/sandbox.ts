import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { Settings } from '@errand/contract'
import { silentLog } from '@errand/core'
import { gatewayPort, openBox } from '@errand/runner'
import { createTempFolder } from '../test/support/temp-folder.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { measureInTurns } from './rounds.ts'

/** What every measure of the box costs, over a bubblewrap that confines nothing. */
export async function measureSandbox(): Promise<Section> {
  await using folder = await createTempFolder('bench')
  const [workspaceDir, homeDir] = [join(folder.path, 'workspace'), join(folder.path, 'home')]
  await Promise.all([mkdir(workspaceDir), mkdir(homeDir)])
  const socketPath = join(folder.path, 'gateway.sock')
  const gateway = createServer().listen(socketPath)
  await once(gateway, 'listening')
  const options = {
    settings: Settings.parse({}).sandbox,
    log: silentLog,
    workspaceDir,
    homeDir,
    forwards: [{ port: gatewayPort, socketPath }],
    readOnlyPaths: [],
    env: {},
    signal: new AbortController().signal,
    wallClockMs: 600_000,
  }
  const box = await openBox(options)
  const limits = { timeoutMs: 60_000, maxOutputBytes: 1024 }
  try {
    const [bare, command, opened] = (await measureInTurns(40, [
      () => runBare(),
      () => box.run('true', [], limits),
      async () => (await openBox(options)).close(),
    ])) as [number, number, number]
    return {
      name: 'sandbox',
      title: 'Starting a sandbox',
      text: 'A bare `bwrap --ro-bind / / true` against the same `true` in the sandbox agents run in (private users, processes, network and files, seccomp, limits), and against opening a whole box: its sandbox, the launcher inside and the probe that looks at everything before the agent may start. Medians of 40 rounds in turns.',
      header: ['what', 'median', 'against the bare bwrap'],
      rows: [
        ['bare `bwrap true`', formatMs(bare), formatRatio(1)],
        [
          `\`true\` in the hardened sandbox (level ${box.level})`,
          formatMs(command),
          formatRatio(command / bare),
        ],
        [
          'opening a box, with its probe, and closing it',
          formatMs(opened),
          formatRatio(opened / bare),
        ],
      ],
    }
  } finally {
    await box.close()
    gateway.close()
  }
}

async function runBare(): Promise<void> {
  const child = spawn('bwrap', ['--ro-bind', '/', '/', 'true'], { stdio: 'ignore' })
  const [code] = (await once(child, 'exit')) as [number]
  if (code !== 0) throw new Error(`bwrap ended with ${code}`)
}

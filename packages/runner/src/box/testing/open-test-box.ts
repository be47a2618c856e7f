import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { type SandboxSettings, Settings } from '@errand/contract'

import {
  type Box,
  type BoxOptions,
  type Exit,
  gatewayPort,
  openBox,
  type RunOptions,
} from '../index.ts'

/** A box for a test, over folders of its own, with a gateway that answers every request with its path. */
export interface TestBox extends AsyncDisposable {
  box: Box
  /** Holds the box's folders; what lies beside them belongs to the host. */
  folder: string
  workspaceDir: string
  homeDir: string
  mirrorDir: string
  /** Runs a shell script to its end. */
  sh(script: string, options?: Partial<RunOptions>): Promise<ShellResult>
  /** Runs a shell script as the agent. */
  agent(script: string): Promise<ShellResult>
}

export interface ShellResult extends Exit {
  stdout: string
  stderr: string
}

export type TestBoxOptions = Partial<Omit<BoxOptions, 'settings'>> & {
  settings?: Partial<SandboxSettings>
}

/** Everything of it is gone when it is disposed of. */
export async function openTestBox(options: TestBoxOptions = {}): Promise<TestBox> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-box-'))
  const [workspaceDir, homeDir, mirrorDir] = ['workspace', 'home', 'mirror'].map((name) =>
    join(folder, name),
  ) as [string, string, string] // one for each name
  await Promise.all([workspaceDir, homeDir, mirrorDir].map((path) => mkdir(path)))
  const gateway = await listen(join(folder, 'gateway.sock'))
  const clean = async (): Promise<void> => {
    gateway.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const box = await openBox({
      log: silentLog,
      workspaceDir,
      homeDir,
      mirrorDir,
      forwards: [{ port: gatewayPort, socketPath: join(folder, 'gateway.sock') }],
      readOnlyPaths: [],
      env: {},
      signal: new AbortController().signal,
      wallClockMs: 120_000,
      ...options,
      settings: Settings.parse({ sandbox: options.settings ?? {} }).sandbox,
    })
    return {
      box,
      folder,
      workspaceDir,
      homeDir,
      mirrorDir,
      sh: (script, runOptions) => runShell(box, script, runOptions),
      agent: (script) => runAgent(box, script),
      async [Symbol.asyncDispose]() {
        await box.close()
        await clean()
      },
    }
  } catch (error) {
    await clean()
    throw error
  }
}

export const silentLog = { info() {}, warn() {}, error() {}, debug() {} }

async function runShell(
  box: Box,
  script: string,
  options: Partial<RunOptions> = {},
): Promise<ShellResult> {
  const limits = { timeoutMs: 60_000, maxOutputBytes: 1024 * 1024 }
  const result = await box.run('sh', ['-c', script], { ...limits, ...options })
  return { ...result, stdout: result.stdout.toString(), stderr: result.stderr.toString() }
}

async function runAgent(box: Box, script: string): Promise<ShellResult> {
  const agent = await box.spawnAgent('sh', ['-c', script], {})
  agent.stdin.end()
  const [stdout, stderr, exit] = await Promise.all([
    text(agent.stdout),
    text(agent.stderr),
    agent.exited,
  ])
  return { ...exit, stdout, stderr }
}

async function listen(socketPath: string): Promise<Server> {
  const server = createServer((request, response) => response.end(`gateway: ${request.url}`))
  await new Promise<void>((resolve) => server.listen(socketPath, resolve))
  return server
}

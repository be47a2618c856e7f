import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Client } from '@errand/contract'
import { baseEnvironment } from './base-environment.ts'
import { eventually } from './eventually.ts'
import { fillDataFolder } from './fill-data-folder.ts'
import { descendantsOf, stillRunning } from './processes.ts'
import { run, type RunOptions, type RunResult, tryRun } from './run.ts'
import { scriptedModelKey, scriptedModelKeyVariable } from './scripted-model.ts'
import { clientFor } from './start-errand.ts'
import { ownerToken, type TestSettings } from './test-settings.ts'

/** The command itself. */
export const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))

/** An `errand serve` or `errand worker` of its own, which a test may kill. */
export interface ErrandProcess extends AsyncDisposable {
  pid: number
  /** All it printed so far. */
  output(): string
  /** kill -9; resolves when it and everything it started is dead. */
  kill(): Promise<void>
  /** SIGTERM; resolves when it and everything it started has ended. */
  stop(): Promise<void>
}

export interface ServeProcess extends ErrandProcess {
  url: string
  client: Client
}

/** Starts `errand serve` with the settings given and waits until it listens. */
export async function serveProcess(
  dataDir: string,
  settings: TestSettings,
  environment: Record<string, string> = {},
): Promise<ServeProcess> {
  const started = await startProcess('serve', dataDir, settings, environment)
  try {
    const url = await eventually(() => readUrl(dataDir, started.pid), {
      what: `errand serve (${started.output()})`,
    })
    return { ...started, url, client: clientFor(url, ownerToken) }
  } catch (error) {
    await started.kill()
    throw new Error(`errand serve did not start:\n${started.output()}`, { cause: error })
  }
}

/** Starts `errand worker`, which takes sessions and serves nobody. */
export function workerProcess(dataDir: string, settings: TestSettings): Promise<ErrandProcess> {
  return startProcess('worker', dataDir, settings)
}

/** What the server itself writes down for commands on the same machine. */
export async function readUrl(dataDir: string, pid: number): Promise<string> {
  const note = JSON.parse(await readFile(join(dataDir, 'server.json'), 'utf8')) as {
    url: string
    pid: number
  }
  if (note.pid !== pid) throw new Error('the note is that of an earlier server')
  return note.url
}

async function startProcess(
  command: 'serve' | 'worker',
  dataDir: string,
  settings: TestSettings,
  environment: Record<string, string> = {},
): Promise<ErrandProcess> {
  const config = `${dataDir}.${command}.yml`
  if (command === 'serve' && settings['database_url'] === undefined) fillDataFolder(dataDir)
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings))
  const child = spawn(process.execPath, [program, command, '--config', config], {
    env: {
      ...baseEnvironment,
      HOME: dataDir,
      [scriptedModelKeyVariable]: scriptedModelKey,
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (output += chunk.toString()))
  await once(child, 'spawn')
  return {
    // It has been spawned.
    pid: child.pid as number,
    output: () => output,
    kill: () => endProcess(child, 'SIGKILL'),
    stop: () => endProcess(child, 'SIGTERM'),
    [Symbol.asyncDispose]: () => endProcess(child, 'SIGKILL'),
  }
}

/** Boxes die with the runner that opened them: whatever survives it is a defect. */
export async function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const tree = descendantsOf(child.pid as number)
  const exited = once(child, 'exit')
  child.kill(signal)
  await exited
  await eventually(
    () => {
      const running = stillRunning(tree).map((process) => process.command)
      if (running.length > 0) throw new Error(`still running: ${running.join('; ')}`)
    },
    { timeoutMs: 10_000, what: `the end of what errand (${signal}) had started` },
  )
}

interface CommandOptions {
  token?: string
  cwd?: string
  environment?: Record<string, string>
}

/** Runs a client command of `errand` against a server and gives what it printed. */
export function errand(
  url: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return run(process.execPath, [program, ...args], runOptions(url, options))
}

/** Runs a client command that may fail. */
export function tryErrand(
  url: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<RunResult> {
  return tryRun(process.execPath, [program, ...args], runOptions(url, options))
}

function runOptions(
  url: string,
  { token = ownerToken, cwd, environment }: CommandOptions,
): RunOptions {
  return {
    ...(cwd !== undefined && { cwd }),
    env: { ERRAND_URL: url, ERRAND_TOKEN: token, HOME: '/nonexistent', ...environment },
  }
}

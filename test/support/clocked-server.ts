import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { renameSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { baseEnvironment } from './base-environment.ts'
import { endProcess, readUrl, type ServeProcess } from './errand-process.ts'
import { eventually } from './eventually.ts'
import { fillDataFolder } from './fill-data-folder.ts'
import { clientFor } from './start-errand.ts'
import { ownerToken, type TestSettings } from './test-settings.ts'

const program = fileURLToPath(new URL('serve-by-clock.ts', import.meta.url))

/** A clock that servers in processes of their own go by, and that goes on from wherever it is set. */
export interface SharedClock {
  file: string
  set(time: string): void
}

export function createSharedClock(file: string, time: string): SharedClock {
  function set(to: string): void {
    // Written whole or not at all: it is read all the time.
    writeFileSync(`${file}.new`, String(Date.parse(to) - Date.now()))
    renameSync(`${file}.new`, file)
  }
  set(time)
  return { file, set }
}

/** As `serveProcess`, by another clock. */
export async function serveByClock(
  dataDir: string,
  settings: TestSettings,
  clock: SharedClock,
  environment: Record<string, string> = {},
): Promise<ServeProcess> {
  const config = `${dataDir}.json`
  if (settings['database_url'] === undefined) fillDataFolder(dataDir)
  writeFileSync(config, JSON.stringify(settings))
  const child = spawn(
    process.execPath,
    ['--conditions=errand-source', program, config, clock.file],
    {
      env: { ...baseEnvironment, HOME: dataDir, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => void (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => void (output += chunk.toString()))
  await once(child, 'spawn')
  // It has been spawned.
  const pid = child.pid as number
  const started = {
    pid,
    output: () => output,
    kill: () => endProcess(child, 'SIGKILL'),
    stop: () => endProcess(child, 'SIGTERM'),
    [Symbol.asyncDispose]: () => endProcess(child, 'SIGKILL'),
  }
  try {
    const url = await eventually(() => readUrl(dataDir, pid), {
      timeoutMs: 30_000,
      what: 'the server',
    })
    return { ...started, url, client: clientFor(url, ownerToken) }
  } catch (error) {
    await started.kill()
    throw new Error(`the server did not start:\n${output}`, { cause: error })
  }
}

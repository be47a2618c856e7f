import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { baseEnvironment } from '../base-environment.ts'
import { endProcess } from '../errand-process.ts'
import { fillDataFolder } from '../fill-data-folder.ts'
import type { TestSettings } from '../test-settings.ts'

const program = fileURLToPath(new URL('serve-measured.ts', import.meta.url))

/** What a server says of itself when it is there. */
export interface Told {
  url: string
  /** Of somebody who is no more than a reader, of three kinds; none of a forge elsewhere. */
  tokens: string[]
  /** What is mounted, as `GET /repos/:owner/:repo`. */
  routes: string[]
}

/** In bytes, after a collection. */
export interface Memory {
  heap: number
  /** Of the whole process: buffers and what is outside JavaScript as well. */
  rss: number
}

export interface MeasuredServer extends Told, AsyncDisposable {
  memory(): Promise<Memory>
  /** What it logged as errors. */
  errors(): string
}

/** The whole of Errand in a process of its own, so that its memory can be told from the test's. */
export async function startMeasuredServer(
  dataDir: string,
  settings: TestSettings,
  environment: Record<string, string> = {},
): Promise<MeasuredServer> {
  const config = `${dataDir}.json`
  writeFileSync(config, JSON.stringify(settings))
  if (settings['database_url'] === undefined) fillDataFolder(dataDir)
  const child = spawn(
    process.execPath,
    ['--conditions=errand-source', '--expose-gc', program, config],
    {
      env: { ...baseEnvironment, HOME: dataDir, ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  )
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => void (errors += chunk.toString()))
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the server ended:\n${errors}`)
  })
  ended.catch(() => undefined)
  const message = async () => {
    const [told] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
    return told
  }
  return {
    ...((await message()) as Told),
    async memory() {
      const answer = message()
      child.send('memory')
      return (await answer) as Memory
    },
    errors: () => errors,
    [Symbol.asyncDispose]: () => endProcess(child, 'SIGTERM'),
  }
}

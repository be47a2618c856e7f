import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { endProcess } from '../errand-process.ts'
import type { TestSettings } from '../test-settings.ts'

const program = fileURLToPath(new URL('serve-measured.ts', import.meta.url))

export interface MeasuredServer extends AsyncDisposable {
  url: string
  /** Of somebody who is no more than a reader, of three kinds. */
  tokens: string[]
  /** Bytes on its heap, after a collection. */
  heap(): Promise<number>
  /** What it logged as errors. */
  errors(): string
}

/** The whole of Errand in a process of its own, so that its memory can be told from the test's. */
export async function startMeasuredServer(
  dataDir: string,
  settings: TestSettings,
): Promise<MeasuredServer> {
  const config = `${dataDir}.json`
  writeFileSync(config, JSON.stringify(settings))
  const child = spawn(
    process.execPath,
    ['--conditions=errand-source', '--expose-gc', program, config],
    {
      env: { PATH: process.env.PATH, HOME: dataDir },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    },
  )
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => void (errors += chunk.toString()))
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the server ended:\n${errors}`)
  })
  ended.catch(() => undefined)
  const told = async () => {
    const [message] = (await Promise.race([once(child, 'message'), ended])) as [unknown]
    return message
  }
  const { url, tokens } = (await told()) as { url: string; tokens: string[] }
  return {
    url,
    tokens,
    async heap() {
      const answer = told()
      child.send('heap')
      return Number(await answer)
    },
    errors: () => errors,
    [Symbol.asyncDispose]: () => endProcess(child, 'SIGTERM'),
  }
}

import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

import type { Upstream } from '@errand/contract'

/** The keys of upstreams, from wherever the settings say they are. */
export interface UpstreamKeys {
  /**
   * Undefined where the settings name none.
   *
   * @throws KeyMissing
   */
  keyOf(name: string, upstream: Upstream): Promise<string | undefined>
  /** Forgets a key that the upstream has refused: it may be a new one by now. */
  forget(name: string): void
}

/** The key that the settings name is not there. The message names the setting, and never the key. */
export class KeyMissing extends Error {
  override name = 'KeyMissing'
}

const commandTimeoutMs = 10_000
/** Commands print tokens that end. */
const keptForMs = 10 * 60_000

/** @param secrets the value of a variable, or of the file beside it */
export function openUpstreamKeys(secrets: (variable: string) => string | undefined): UpstreamKeys {
  const kept = new Map<string, { until: number; key: Promise<string> }>()

  function remembered(name: string, read: () => Promise<string>): Promise<string> {
    const known = kept.get(name)
    if (known !== undefined && known.until > performance.now()) return known.key
    const key = read()
    kept.set(name, { until: performance.now() + keptForMs, key })
    // A failure is not kept: the next request asks again.
    key.catch(() => kept.delete(name))
    return key
  }

  return {
    async keyOf(name, upstream) {
      const { api_key_env: variable, api_key_file: file, api_key_command: command } = upstream
      if (variable !== undefined) {
        const key = secrets(variable)
        if (key !== undefined && key !== '') return key
        throw new KeyMissing(`upstreams.${name}.api_key_env: the variable ${variable} is not set`)
      }
      if (file !== undefined) return await remembered(name, () => readKeyFile(name, file))
      if (command !== undefined) return await remembered(name, () => runKeyCommand(name, command))
      return undefined
    },
    forget: (name) => void kept.delete(name),
  }
}

async function readKeyFile(name: string, path: string): Promise<string> {
  const setting = `upstreams.${name}.api_key_file`
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new KeyMissing(`${setting}: the file ${path} cannot be read`, { cause })
  })
  return oneWord(text, `${setting}: the file ${path} holds no key`)
}

async function runKeyCommand(
  name: string,
  [program = '', ...args]: readonly string[],
): Promise<string> {
  const setting = `upstreams.${name}.api_key_command`
  try {
    const { stdout } = await promisify(execFile)(program, args, { timeout: commandTimeoutMs })
    return oneWord(stdout, `${setting}: ${program} printed no key`)
  } catch (cause) {
    if (cause instanceof KeyMissing) throw cause
    // What it printed may be the key: nothing of it goes into the message.
    const remedy = `it must print the key within ${commandTimeoutMs / 1000} seconds, and end with 0`
    throw new KeyMissing(`${setting}: ${program} did not give a key; ${remedy}`)
  }
}

/** A key goes into a header: it has no spaces, and no line but its own. */
function oneWord(text: string, problem: string): string {
  const word = text.trim()
  if (/^[\x21-\x7e]+$/.test(word)) return word
  throw new KeyMissing(problem)
}

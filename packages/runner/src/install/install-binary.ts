import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { chmod, rename, rm } from 'node:fs/promises'
import { basename, join, normalize } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'

import type { AgentEntry } from '@errand/contract'

import { type InstallOptions, type Program, unavailable } from './install-options.ts'
import { binaryOf } from './installed.ts'

const timeoutMs = 15 * 60_000
const longestArchive = 2 * 1024 ** 3
const run = promisify(execFile)

/** Downloads an archive, holds it against the sum the operator gave, and unpacks it. */
export async function installBinary(
  { signal }: InstallOptions,
  name: string,
  { distribution }: AgentEntry,
  folder: string,
): Promise<Program> {
  const binary = distribution && binaryOf(distribution)
  if (binary === undefined) {
    const others = Object.keys(distribution ?? {}).join(', ')
    throw unavailable(
      `The agent ${name} cannot be installed here: Errand installs from npm (npx) and archives (binary) for linux on ${process.arch}, and its distribution is ${others}.`,
    )
  }
  if (binary.sha256 === undefined) {
    throw unavailable(
      `The agent ${name} is an archive without a sum to check it by: give the sha256 of ${binary.archive} in its entry, or to \`errand agent add --sha256\`.`,
    )
  }
  const command = normalize(binary.cmd)
  if (command.startsWith('..') || command.startsWith('/')) {
    throw unavailable(`The program ${binary.cmd} of the agent ${name} is not in its archive.`)
  }
  const file = join(folder, '.archive')
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
  const sum = await download(name, binary.archive, file, limit)
  if (sum !== binary.sha256.toLowerCase()) {
    throw unavailable(
      `The archive of the agent ${name} is not what was asked for: its sha256 is ${sum}.`,
    )
  }
  await unpack(name, binary.archive, { file, folder, command }, limit)
  await chmod(join(folder, command), 0o755).catch(() => undefined)
  return { command, args: binary.args ?? [], env: binary.env ?? {} }
}

async function download(
  name: string,
  url: string,
  file: string,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('sha256')
  try {
    const response = await fetch(url, { signal })
    if (!response.ok || response.body === null) throw new Error(`status ${response.status}`)
    let length = 0
    const { body } = response
    await pipeline(
      body,
      async function* (chunks: AsyncIterable<Uint8Array>) {
        for await (const chunk of chunks) {
          length += chunk.length
          if (length > longestArchive) throw new Error('it is larger than 2 GB')
          hash.update(chunk)
          yield chunk
        }
      },
      createWriteStream(file),
      { signal },
    )
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw unavailable(`The archive of the agent ${name} could not be downloaded: ${why}.`, cause)
  }
  return hash.digest('hex')
}

async function unpack(
  name: string,
  url: string,
  { file, folder, command }: { file: string; folder: string; command: string },
  signal: AbortSignal,
): Promise<void> {
  const path = new URL(url).pathname
  try {
    if (/\.(tar(\.\w+)?|tgz|tbz2|txz)$/.test(path)) {
      const flags = ['--no-same-owner', '--no-same-permissions']
      await run('tar', ['-xf', file, '-C', folder, ...flags], { signal })
    } else if (path.endsWith('.zip')) {
      await run('unzip', ['-q', file, '-d', folder], { signal })
    } else {
      // No archive at all: the program itself.
      await rename(file, join(folder, basename(command)))
    }
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n')[0] : String(cause)
    throw unavailable(`The archive of the agent ${name} could not be unpacked: ${why}.`, cause)
  }
  await rm(file, { force: true })
}

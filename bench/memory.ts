import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { serveProcess } from '../test/support/errand-process.ts'
import { createTempFolder } from '../test/support/temp-folder.ts'
import { settingsFor } from '../test/support/test-settings.ts'
import { formatRatio, type Section } from './report.ts'
import { postgresNote, stores } from './stores.ts'

const settleMs = 5000

/** What a process of Errand weighs while it waits, over the least that could do the same waiting. */
export async function measureMemory(): Promise<Section> {
  const rows: string[][] = []
  for (const kind of stores) {
    await using database = await kind.open()
    const bare = await weighBare(database === undefined ? 'idle-pglite.ts' : 'idle-server.ts')
    const errand = await weighErrand(database?.url)
    const least = database === undefined ? 'Node with PGlite open' : 'Node with a bare Fastify'
    rows.push([`${kind.name}: ${least}`, `${Math.round(bare)} MB`, formatRatio(1)])
    rows.push([
      `${kind.name}: \`errand serve\``,
      `${Math.round(errand)} MB`,
      formatRatio(errand / bare),
    ])
  }
  return {
    name: 'memory',
    title: 'Memory of the idle server',
    text: `Resident memory of \`errand serve\` (server, forge and runner in one process) ${settleMs / 1000} s after its start, without a task, against the least process that waits on the same store. ${postgresNote} Its own memory is not counted.`,
    header: ['what', 'resident', 'against the least'],
    rows,
  }
}

async function weighErrand(databaseUrl: string | undefined): Promise<number> {
  await using folder = await createTempFolder('bench')
  const dataDir = join(folder.path, 'data')
  const settings = settingsFor(dataDir, databaseUrl === undefined ? {} : { databaseUrl })
  await using server = await serveProcess(dataDir, settings)
  await delay(settleMs)
  return await residentMb(server.pid)
}

async function weighBare(program: string): Promise<number> {
  await using folder = await createTempFolder('bench')
  const args = [join(import.meta.dirname, program), join(folder.path, 'store')]
  const child = spawn(process.execPath, args, { stdio: 'inherit' })
  await once(child, 'spawn')
  try {
    await delay(settleMs)
    // It has been spawned.
    return await residentMb(child.pid as number)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024
}

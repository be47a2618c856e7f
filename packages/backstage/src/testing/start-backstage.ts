import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Client } from 'pg'

export interface Backstage extends AsyncDisposable {
  /** Asks its API as a service that it trusts; throws on any answer but a good one. */
  call(method: string, path: string, body?: unknown): Promise<unknown>
}

const startTimeoutMs = 120_000
const packageFolder = resolve(import.meta.dirname, '../..')

/**
 * A real Backstage backend in a process of its own, on PostgreSQL, with the example template and
 * `any-prompt` in its catalog and this module added by its name.
 *
 * @param errand the section of app-config
 */
export async function startBackstage(
  postgresUrl: string,
  errand: { baseUrl: string; token: string },
): Promise<Backstage> {
  const folder = mkdtempSync(join(tmpdir(), 'errand-backstage-app-'))
  const database = await createDatabase(postgresUrl)
  const token = randomBytes(24).toString('hex')
  const port = await findFreePort()
  const baseUrl = `http://127.0.0.1:${port}`
  const config = {
    app: { baseUrl },
    backend: {
      baseUrl,
      listen: { host: '127.0.0.1', port },
      database: { client: 'pg', pluginDivisionMode: 'schema', connection: database.connection },
      auth: { externalAccess: [{ type: 'static', options: { token, subject: 'errand-test' } }] },
    },
    catalog: {
      rules: [{ allow: ['Template'] }],
      locations: [
        { type: 'file', target: join(packageFolder, 'examples/new-service.yaml') },
        { type: 'file', target: join(import.meta.dirname, 'any-prompt.yaml') },
      ],
    },
    errand,
  }
  // JSON is YAML.
  const configPath = join(folder, 'app-config.yaml')
  writeFileSync(configPath, JSON.stringify(config))
  const main = join(import.meta.dirname, 'backend.js')
  const backend = spawn(
    process.execPath,
    ['--conditions=errand-source', main, '--config', configPath],
    { cwd: packageFolder, stdio: ['ignore', 'pipe', 'pipe'] },
  )
  const output: string[] = []
  for (const stream of [backend.stdout, backend.stderr]) {
    stream.on('data', (chunk: Buffer) => output.push(chunk.toString()))
  }

  const backstage: Backstage = {
    async call(method, path, body) {
      const response = await fetch(`${baseUrl}/api${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
      return JSON.parse(text)
    },
    async [Symbol.asyncDispose]() {
      await stop(backend)
      await database.drop()
      rmSync(folder, { recursive: true, maxRetries: 5 })
    },
  }
  await untilReady(backstage, backend, output).catch(async (error: unknown) => {
    await backstage[Symbol.asyncDispose]()
    throw error
  })
  return backstage
}

/** The templates have to be in the catalog before the scaffolder can be asked for them. */
async function untilReady(
  backstage: Backstage,
  backend: ChildProcess,
  output: string[],
): Promise<void> {
  const deadline = Date.now() + startTimeoutMs
  for (;;) {
    try {
      for (const name of ['new-service', 'any-prompt']) {
        await backstage.call('GET', `/catalog/entities/by-name/template/default/${name}`)
      }
      await backstage.call('GET', '/scaffolder/v2/actions')
      return
    } catch (error) {
      if (Date.now() > deadline || backend.exitCode !== null) {
        throw new Error(`Backstage did not start:\n${output.join('')}`, { cause: error })
      }
    }
    await delay(200)
  }
}

async function stop(backend: ChildProcess): Promise<void> {
  if (backend.exitCode !== null || backend.signalCode !== null) return
  const exited = once(backend, 'exit')
  backend.kill('SIGTERM')
  const late = setTimeout(() => backend.kill('SIGKILL'), 10_000)
  await exited
  clearTimeout(late)
}

async function createDatabase(adminUrl: string) {
  const name = `errand_backstage_${randomBytes(6).toString('hex')}`
  await execute(adminUrl, `create database ${name}`)
  const url = new URL(adminUrl)
  const host = url.searchParams.get('host') ?? url.hostname
  return {
    connection: { host, user: decodeURIComponent(url.username), database: name },
    drop: () => execute(adminUrl, `drop database ${name} with (force)`),
  }
}

async function execute(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

/**
 * Backstage has to know its own address before it listens. Below the ports that the kernel gives away, nobody takes it
 * meanwhile.
 */
async function findFreePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000)
    const server = createServer().listen(port, '127.0.0.1')
    const isFree = await new Promise<boolean>((resolve, reject) => {
      server.once('listening', () => resolve(true))
      server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EADDRINUSE') resolve(false)
        else reject(error)
      })
    })
    if (!isFree) continue
    server.close()
    await once(server, 'close')
    return port
  }
}

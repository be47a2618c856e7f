import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { z } from 'zod'

import { hasCode } from '../../error-code.ts'
import { ToolFailed } from '../finding.ts'
import type { OsvDatabase } from './osv-database.ts'
import { OsvRecord } from './osv-record.ts'
import type { Package } from './package.ts'

const Named = OsvRecord.pick({ id: true, modified: true })
type Named = z.infer<typeof Named>
const BatchAnswer = z.object({
  results: z.array(
    z.object({ vulns: z.array(Named).nullish(), next_page_token: z.string().nullish() }).nullable(),
  ),
})

/** As many as the API takes: https://google.github.io/osv.dev/post-v1-querybatch/. */
const mostQueries = 1000
const mostPages = 20
/** Records that are read in whole; of the others only the ids are told. */
const mostRecords = 100
const timeoutMs = 30_000
const largestAnswerBytes = 32 * 1024 * 1024

/** An API as osv.dev has it. Records are kept in the data folder until they are changed there. */
export function openOsvApi(url: string, cacheDir: string, signal: AbortSignal): OsvDatabase {
  const api = { url: url.replace(/\/+$/, ''), cacheDir, signal }
  return {
    async find(packages) {
      const named: Named[][] = []
      for (let at = 0; at < packages.length; at += mostQueries) {
        named.push(...(await queryBatch(api, packages.slice(at, at + mostQueries))))
      }
      const records = new Map<string, OsvRecord>()
      for (const one of named.flat()) {
        if (records.has(one.id)) continue
        records.set(one.id, records.size < mostRecords ? await readRecord(api, one) : one)
      }
      return named.map((ones) =>
        ones
          .flatMap(({ id }) => records.get(id) ?? [])
          .filter(({ withdrawn }) => withdrawn == null),
      )
    },
  }
}

interface Api {
  url: string
  cacheDir: string
  signal: AbortSignal
}

async function queryBatch(api: Api, packages: readonly Package[]): Promise<Named[][]> {
  const found: Named[][] = packages.map(() => [])
  let left = packages.map((one, at) => ({ at, query: queryOf(one) }))
  for (let page = 0; left.length > 0; page += 1) {
    if (page === mostPages) throw new ToolFailed('the OSV database has no end of answers')
    const body = JSON.stringify({ queries: left.map(({ query }) => query) })
    const { results } = await ask(api, '/v1/querybatch', BatchAnswer, body)
    if (results.length !== left.length) throw new ToolFailed('the OSV database left queries out')
    left = left.flatMap(({ at, query }, index) => {
      const result = results[index]
      found[at]?.push(...(result?.vulns ?? []))
      const token = result?.next_page_token
      return token ? [{ at, query: { ...query, page_token: token } }] : []
    })
  }
  return found
}

function queryOf({ ecosystem, name, version }: Package): object {
  return { package: { ecosystem, name }, version }
}

async function readRecord(api: Api, { id, modified }: Named): Promise<OsvRecord> {
  // Its id is letters, digits and dashes: no path.
  const path = join(api.cacheDir, 'records', `${id}.json`)
  const kept = await readKept(path)
  if (kept !== undefined && modified !== undefined && kept.modified === modified) return kept
  const record = await ask(api, `/v1/vulns/${encodeURIComponent(id)}`, OsvRecord)
  await keep(join(api.cacheDir, 'records'), path, record)
  return record
}

async function readKept(path: string): Promise<OsvRecord | undefined> {
  try {
    return OsvRecord.safeParse(JSON.parse(await readFile(path, 'utf8'))).data
  } catch (error) {
    if (hasCode(error, 'ENOENT') || error instanceof SyntaxError) return undefined
    throw error
  }
}

async function keep(folder: string, path: string, record: OsvRecord): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const fresh = `${path}.${randomUUID()}`
  try {
    await writeFile(fresh, JSON.stringify(record), { mode: 0o600 })
    await rename(fresh, path)
  } finally {
    await rm(fresh, { force: true })
  }
}

/** @param body sent by POST; without one it is asked by GET */
async function ask<T>(api: Api, path: string, schema: z.ZodType<T>, body?: string): Promise<T> {
  const signal = AbortSignal.any([api.signal, AbortSignal.timeout(timeoutMs)])
  try {
    const response = await fetch(`${api.url}${path}`, {
      signal,
      ...(body === undefined
        ? {}
        : { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
    })
    if (!response.ok) throw new ToolFailed(`the OSV database answered ${response.status}`)
    return schema.parse(JSON.parse(await readText(response)))
  } catch (error) {
    api.signal.throwIfAborted()
    if (error instanceof ToolFailed) throw error
    throw new ToolFailed('the OSV database did not answer as it should', { cause: error })
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.length
    if (size > largestAnswerBytes) throw new ToolFailed('the OSV database answered too much')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}

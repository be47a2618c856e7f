import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { type PackageManager, webUrls } from './registry.ts'

const manifest = `[package]
name = "asks-where-crates-are"
version = "0.1.0"
[lib]
path = "lib.rs"
[dependencies]
serde = "1"
`

/**
 * Cargo prints no configuration: it is made to look for a crate by way of a proxy that is not there, and
 * names the index it could not reach. The index says where crates are downloaded (Cargo Book, Index
 * Format, `config.json`).
 */
export const cargo: PackageManager = {
  command: 'cargo',
  async findRegistry(run) {
    const folder = await mkdtemp(join(tmpdir(), 'errand-cargo-'))
    try {
      await writeFile(join(folder, 'Cargo.toml'), manifest)
      await writeFile(join(folder, 'lib.rs'), '')
      const asked = [
        `HTTPS_PROXY=${nobody}`,
        `HTTP_PROXY=${nobody}`,
        'CARGO_NET_RETRY=0',
        'cargo',
        'fetch',
      ]
      const said = await run('env', asked, { cwd: folder, wantsErrors: true })
      const index = /`(https?:\/\/[^`\s]+)config\.json`/.exec(said ?? '')?.[1]
      if (index === undefined) return undefined
      return { urls: webUrls([index, ...(await downloadsOf(index))]), env: {} }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}

/** The discard port: nothing listens there. */
const nobody = 'http://127.0.0.1:9'

async function downloadsOf(index: string): Promise<string[]> {
  try {
    const answer = await fetch(`${index}config.json`, { signal: AbortSignal.timeout(10_000) })
    const value: unknown = await answer.json()
    if (typeof value !== 'object' || value === null || !('dl' in value)) return []
    // Markers like {crate} stand in the path.
    return typeof value.dl === 'string' ? [value.dl.replaceAll(/[{}]/g, '')] : []
  } catch {
    // Cargo itself may reach it another way; what it downloads from is then not known.
    return []
  }
}

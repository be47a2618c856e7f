import type { Ecosystem, Package } from './package.ts'
import { pythonName } from './read-json-lock.ts'

/**
 * The packages of a TOML file that a tool has written: each a table `[[package]]` whose first lines are its name
 * and version. Read by lines, as they all write it: of the rest of TOML nothing is needed.
 */
function readPackages(text: string, ecosystem: Ecosystem): Package[] {
  const found: Package[] = []
  let name: string | undefined
  let isPackage = false
  for (const line of text.split('\n')) {
    if (line.startsWith('[')) {
      isPackage = line.trimEnd() === '[[package]]'
      name = undefined
      continue
    }
    const [, key, value] = /^(name|version) = "([^"]*)"/.exec(line) ?? []
    if (!isPackage || value === undefined) continue
    if (key === 'name') name = value
    else if (name !== undefined) found.push({ ecosystem, name, version: value })
  }
  return found
}

/** Cargo.lock. */
export function readCargoLock(text: string): Package[] {
  return readPackages(text, 'crates.io')
}

/** Those of poetry, uv and pdm. */
export function readPythonLock(text: string): Package[] {
  return readPackages(text, 'PyPI').map((one) => ({ ...one, name: pythonName(one.name) }))
}

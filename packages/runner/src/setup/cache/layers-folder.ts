import { join } from 'node:path'

/** Where what setup steps left is kept. */
export function layersFolder(dataDir: string): string {
  return join(dataDir, 'setup-layers')
}

export function layerFile(dataDir: string, key: string): string {
  return join(layersFolder(dataDir), `${key}.layer`)
}

/** What the name of a file begins with that is being made into a layer, and is locked for as long. */
export const unfinishedPrefix = '.unfinished-'

import { readCargoLock, readPythonLock } from './read-toml-lock.ts'
import { readComposerLock, readNpmLock, readPipfileLock } from './read-json-lock.ts'
import {
  readGemfileLock,
  readGoMod,
  readPnpmLock,
  readRequirements,
  readYarnLock,
} from './read-text-lock.ts'
import type { Package } from './package.ts'

type Read = (text: string) => Package[]

/** Which files name the versions that are used, and how each is read. */
const readers: readonly [name: RegExp, read: Read][] = [
  [/^(?:package-lock|npm-shrinkwrap)\.json$/, readNpmLock],
  [/^pnpm-lock\.yaml$/, readPnpmLock],
  [/^yarn\.lock$/, readYarnLock],
  [/^requirements[^/]*\.txt$/, readRequirements],
  [/^(?:poetry|uv|pdm)\.lock$/, readPythonLock],
  [/^Pipfile\.lock$/, readPipfileLock],
  [/^Cargo\.lock$/, readCargoLock],
  [/^go\.mod$/, readGoMod],
  [/^Gemfile\.lock$/, readGemfileLock],
  [/^composer\.lock$/, readComposerLock],
]

export function lockFileReader(name: string): Read | undefined {
  return readers.find(([pattern]) => pattern.test(name))?.[1]
}

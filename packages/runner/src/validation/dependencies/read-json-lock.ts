import { z } from 'zod'

import type { Package } from './package.ts'

const Locked = z.object({ version: z.string().optional(), name: z.string().optional() })
type Nested = { version?: unknown; dependencies?: unknown }
const NpmLock = z.object({
  packages: z.record(z.string(), z.unknown()).optional(),
  dependencies: z.record(z.string(), z.unknown()).optional(),
})

/** Of all versions there have been: the older name packages by nesting, the newer by their path. */
export function readNpmLock(text: string): Package[] {
  const { packages, dependencies } = NpmLock.parse(JSON.parse(text))
  if (packages === undefined) return readNested(dependencies ?? {})
  const folder = 'node_modules/'
  return Object.entries(packages).flatMap(([path, entry]) => {
    const at = path.lastIndexOf(folder)
    const locked = Locked.safeParse(entry)
    // What is in no such folder is the repository's own.
    if (at === -1 || !locked.success) return []
    const { name = path.slice(at + folder.length), version } = locked.data
    return version === undefined ? [] : [{ ecosystem: 'npm', name, version }]
  })
}

/** Without recursion: who nests without end is not to be followed down the stack. */
function readNested(dependencies: Record<string, unknown>): Package[] {
  const found: Package[] = []
  const left = [dependencies]
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    for (const [name, entry] of Object.entries(next)) {
      const { version, dependencies: inner } = (entry ?? {}) as Nested // an object, or has neither
      if (typeof version === 'string') found.push({ ecosystem: 'npm', ...aliased(name, version) })
      if (typeof inner === 'object' && inner !== null) left.push(inner as Record<string, unknown>)
    }
  }
  return found
}

/** `npm:other@1.2.3` is another package than its name says. */
function aliased(name: string, version: string): { name: string; version: string } {
  const [, other, its] = /^npm:(.+)@([^@]+)$/.exec(version) ?? []
  return other === undefined || its === undefined
    ? { name, version }
    : { name: other, version: its }
}

const Composer = z.array(z.object({ name: z.string(), version: z.string() })).default([])
const ComposerLock = z.object({ packages: Composer, 'packages-dev': Composer })

export function readComposerLock(text: string): Package[] {
  const { packages, 'packages-dev': development } = ComposerLock.parse(JSON.parse(text))
  return [...packages, ...development].map(({ name, version }) => ({
    ecosystem: 'Packagist',
    name,
    version: version.replace(/^v(?=\d)/, ''),
  }))
}

const Pinned = z.record(z.string(), z.object({ version: z.string().optional() })).default({})
const PipfileLock = z.object({ default: Pinned, develop: Pinned })

export function readPipfileLock(text: string): Package[] {
  const lock = PipfileLock.parse(JSON.parse(text))
  return [...Object.entries(lock.default), ...Object.entries(lock.develop)].flatMap(
    ([name, { version }]) =>
      version?.startsWith('==') === true
        ? [{ ecosystem: 'PyPI', name: pythonName(name), version: version.slice(2) }]
        : [],
  )
}

/** Names that PyPI takes for the same: https://peps.python.org/pep-0503/. */
export function pythonName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-')
}

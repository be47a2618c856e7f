import type { Package } from './package.ts'
import { pythonName } from './read-json-lock.ts'

/** Only what is pinned: which version another line means is not known. */
export function readRequirements(text: string): Package[] {
  return text.split('\n').flatMap((line) => {
    const [, name, version] =
      /^\s*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([A-Za-z0-9.!+_-]+)\s*(?:[;#\\]|--|$)/.exec(
        line,
      ) ?? []
    if (name === undefined || version === undefined) return []
    return [{ ecosystem: 'PyPI', name: pythonName(name), version }]
  })
}

/** What the module asks for; since Go 1.17 that is all it builds with. */
export function readGoMod(text: string): Package[] {
  const found: Package[] = []
  let isInBlock = false
  for (const line of text.split('\n')) {
    const words = line.replace(/\/\/.*/, '').trim()
    if (words === ')') isInBlock = false
    const [, name, version] =
      (isInBlock ? /^(\S+)\s+v(\S+)$/ : /^require\s+([^\s(]+)\s+v(\S+)$/).exec(words) ?? []
    if (name !== undefined && version !== undefined) found.push({ ecosystem: 'Go', name, version })
    if (/^require\s*\($/.test(words)) isInBlock = true
  }
  return found
}

/** The gems of `specs:`, each on a line of four spaces; a platform behind the version is none of it. */
export function readGemfileLock(text: string): Package[] {
  return text.split('\n').flatMap((line) => {
    const [, name, version] = /^ {4}([^\s()]+) \(([^\s()-]+)(?:-[^\s()]+)?\)\s*$/.exec(line) ?? []
    if (name === undefined || version === undefined) return []
    return [{ ecosystem: 'RubyGems', name, version }]
  })
}

/** The keys of `packages:`. Their form has changed: `/name/1.0.0`, `/name@1.0.0(peer)`, `name@1.0.0`. */
export function readPnpmLock(text: string): Package[] {
  const found: Package[] = []
  let isInside = false
  for (const line of text.split('\n')) {
    if (/^\S/.test(line)) isInside = line.trimEnd() === 'packages:'
    const [, key] = /^ {2}'?([^\s'][^'\s]*?)'?:(?:\s|$)/.exec(line) ?? []
    if (!isInside || key === undefined) continue
    const [, name, version] = /^\/?((?:@[^/@]+\/)?[^/@]+)[@/](\d[^(_]*)/.exec(key) ?? []
    if (name !== undefined && version !== undefined) found.push({ ecosystem: 'npm', name, version })
  }
  return found
}

/** Of both forms: the first version of yarn's own, and the later ones in YAML, where `resolution` has the name. */
export function readYarnLock(text: string): Package[] {
  const found: Package[] = []
  let name: string | undefined
  for (const line of text.split('\n')) {
    if (/^[^\s#]/.test(line)) name = nameOfDescriptor(line.replace(/^"/, ''))
    const [, version] = /^ {2}version:? "?([^\s"]+)"?\s*$/.exec(line) ?? []
    if (version === undefined || name === undefined) continue
    // The repository's own workspaces.
    if (version !== '0.0.0-use.local') found.push({ ecosystem: 'npm', name, version })
  }
  return found
}

/** `@scope/name@^1.0.0`, or `alias@npm:name@^1.0.0`. */
function nameOfDescriptor(descriptor: string): string | undefined {
  const [, other] = /^@?[^@]+@npm:((?:@[^/@\s]+\/)?[^@\s"^~<>=*]+)@/.exec(descriptor) ?? []
  const [, own] = /^((?:@[^/@\s]+\/)?[^@\s]+)@/.exec(descriptor) ?? []
  return other ?? own
}

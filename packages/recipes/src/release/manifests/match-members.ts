import { matchesGlob, posix } from 'node:path'

/**
 * The folders of the tracked manifests that a workspace's patterns name, as npm, pnpm and Cargo write
 * them: `packages/*`, `!packages/old`. Only what git tracks is matched, so a pattern that leads out of
 * the repository names nothing.
 *
 * @param manifests paths of all manifests of the kind, like `packages/a/package.json`
 */
export function matchMembers(
  patterns: readonly string[],
  manifests: readonly string[],
  folder = '',
): string[] {
  const rules = patterns.map((pattern) => {
    const isExclude = pattern.startsWith('!')
    const glob = posix.join(folder, isExclude ? pattern.slice(1) : pattern).replace(/\/$/, '')
    return { isExclude, glob }
  })
  return manifests.filter((manifest) => {
    const home = posix.dirname(manifest)
    let isMember = false
    for (const { isExclude, glob } of rules) {
      if (home === glob || matchesGlob(home, glob)) isMember = !isExclude
    }
    return isMember
  })
}

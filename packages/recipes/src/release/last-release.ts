import semver from 'semver'
import type { Repository } from '../repository/repository.ts'

export interface Release {
  tag: string
  /** What stands before the version. */
  prefix: string
  version: string
}

const versionTag =
  /^(?<prefix>|.*?[^0-9.])(?<version>\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/

/**
 * The releases reachable from the commit, highest version first: tags like `v1.2.3`, `1.2.3`,
 * `shop@1.2.3`, `release-1.2.3`, pre-releases too. A prefix that was named is the only one that counts.
 * Else those of the repository as a whole do (`v`, none, `release-`, its name), or, where there are
 * none of these, those with the prefix of the highest version.
 */
export async function findReleases(
  repository: Repository,
  { prefix, names }: { prefix?: string; names: readonly string[] },
): Promise<Release[]> {
  const list = await repository.git([
    'for-each-ref',
    '--format=%(refname:strip=2)',
    `--merged=${repository.commit}`,
    'refs/tags/',
  ])
  const releases = list
    .split('\n')
    .flatMap((tag) => parseTag(tag) ?? [])
    .toSorted((a, b) => semver.rcompare(a.version, b.version))
  if (prefix !== undefined) return releases.filter((release) => release.prefix === prefix)
  const general = new Set([
    '',
    'v',
    'V',
    'version-',
    'release-',
    'release/',
    'release-v',
    'releases/v',
  ])
  for (const name of names)
    for (const join of ['@', '-', '-v', '@v', '/v']) general.add(name + join)
  const ofWhole = releases.filter((release) => general.has(release.prefix))
  if (ofWhole.length > 0) return ofWhole
  return releases.filter((release) => release.prefix === releases[0]?.prefix)
}

function parseTag(tag: string): Release | undefined {
  const { prefix = '', version = '' } = versionTag.exec(tag)?.groups ?? {}
  return semver.valid(version) === null ? undefined : { tag, prefix, version }
}

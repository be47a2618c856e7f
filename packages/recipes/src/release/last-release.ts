import semver from 'semver'
import type { Repository } from '../repository/repository.ts'

export interface Release {
  tag: string
  /** What stands before the version. */
  prefix: string
  version: string
}

/** Names that tags begin with: of the repository, the most general first, and of what is not it. */
export interface TagNames {
  names: readonly string[]
  others: readonly string[]
}

const versionTag =
  /^(?<prefix>|.*?[^0-9.])(?<version>\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)$/

/** Before a version of the repository as a whole, the most usual first. */
const generalPrefixes = [
  '',
  'v',
  'V',
  'version-',
  'release-',
  'release/',
  'release-v',
  'releases/v',
]

/**
 * The releases reachable from the commit, highest version first: tags like `v1.2.3`, `1.2.3`,
 * `shop@1.2.3`, `release-1.2.3`, pre-releases too. A prefix that was named is the only one that counts.
 * Else those of the repository as a whole do (`v`, none, `release-`, one of its names), or, where there are
 * none of these, those with the prefix of the highest version that is none of `others`. Of two tags with one
 * version the more general comes first.
 */
export async function findReleases(
  repository: Repository,
  { prefix, names, others }: TagNames & { prefix?: string },
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
  const general = [...generalPrefixes, ...names.flatMap(prefixesOf)]
  const ofWhole = releases
    .filter((release) => general.includes(release.prefix))
    .toSorted(
      (a, b) =>
        semver.rcompare(a.version, b.version) ||
        general.indexOf(a.prefix) - general.indexOf(b.prefix),
    )
  if (ofWhole.length > 0) return ofWhole
  const foreign = new Set(others.flatMap(prefixesOf))
  const rest = releases.filter((release) => !foreign.has(release.prefix))
  return rest.filter((release) => release.prefix === rest[0]?.prefix)
}

function prefixesOf(name: string): string[] {
  return ['@', '-', '-v', '@v', '/v'].map((join) => name + join)
}

function parseTag(tag: string): Release | undefined {
  const { prefix = '', version = '' } = versionTag.exec(tag)?.groups ?? {}
  return semver.valid(version) === null ? undefined : { tag, prefix, version }
}

import semver from 'semver'
import type { Change, Repository } from '../repository/repository.ts'
import { applyEdits } from '../text-edit.ts'
import { findCargoPlaces } from './manifests/cargo.ts'
import { findChartPlaces } from './manifests/chart.ts'
import { findMavenPlaces } from './manifests/maven.ts'
import { findNpmPlaces } from './manifests/npm.ts'
import { findPatternPlaces } from './manifests/pattern-places.ts'
import { findPythonPlaces } from './manifests/python.ts'
import { findVersionFilePlaces } from './manifests/version-file.ts'
import type { FindPlaces, VersionPlace } from './manifests/version-place.ts'
import type { TagNames } from './last-release.ts'
import { baseOf } from './next-version.ts'
import type { ReleaseSettings } from './release-settings.ts'

const ecosystems: readonly FindPlaces[] = [
  findNpmPlaces,
  findCargoPlaces,
  findPythonPlaces,
  findMavenPlaces,
  findChartPlaces,
  findVersionFilePlaces,
]

/** Every place of a version in the repository. */
export async function findPlaces(
  repository: Repository,
  settings: ReleaseSettings,
): Promise<VersionPlace[]> {
  const found = await Promise.all(ecosystems.map((find) => find(repository)))
  return [...found.flat(), ...(await findPatternPlaces(repository, settings))]
}

/**
 * The repository's own version: the highest one of the manifests at its root, or of all where none there
 * has one. A package of a workspace that keeps a version of its own is not the repository's.
 */
export function currentVersion(places: readonly VersionPlace[]): string | undefined {
  const own = places.filter(({ type, version }) => type === 'own' && baseOf(version) !== undefined)
  const atRoot = own.filter(({ path }) => !path.includes('/'))
  const [highest] = (atRoot.length > 0 ? atRoot : own).toSorted((a, b) =>
    // Both have a base: those without were left out.
    semver.rcompare(baseOf(a.version)!, baseOf(b.version)!),
  )
  return highest?.version
}

/**
 * By which names tags may call the repository's versions: the root's first, then those of the packages that
 * go along with it. The tags of `others`, packages with a version of their own, say nothing of it.
 */
export function tagNames(places: readonly VersionPlace[], current: string | undefined): TagNames {
  const own = places.filter(({ type, project }) => type === 'own' && project !== '')
  const atRoot = own.filter(({ path }) => !path.includes('/'))
  const alongside = own.filter(({ version }) => version === current)
  const names = new Set([...atRoot, ...alongside].map(({ project }) => project))
  const others = own.map(({ project }) => project).filter((project) => !names.has(project))
  return { names: [...names], others }
}

export interface Bump {
  changes: Change[]
  /** Packages that keep a version of their own, as `path (version)`. */
  kept: string[]
}

/**
 * Sets the next version wherever the current one stands, and in what must follow it. Only those bytes
 * change. Packages with another version go their own way.
 */
export async function bumpVersions(
  repository: Repository,
  places: readonly VersionPlace[],
  current: string | undefined,
  next: string,
): Promise<Bump> {
  const own = places.filter(({ type }) => type === 'own')
  const moved = new Set(own.filter(({ version }) => version === current).map((p) => p.project))
  const wanted = places.filter(
    ({ type, version, project }) => version === current && (type === 'own' || moved.has(project)),
  )
  const byPath = Map.groupBy(wanted, ({ path }) => path)
  const changes = await Promise.all(
    [...byPath].map(async ([path, inFile]) => {
      const before = (await repository.readText(path)) ?? ''
      const edits = inFile.map(({ start, end, write }) => {
        return { start, end, text: write === undefined ? next : write(next) }
      })
      return { path, before, after: applyEdits(before, edits) }
    }),
  )
  const kept = own
    .filter(({ version }) => version !== current)
    .map(({ path, version }) => `${path} (${version})`)
  return { changes: changes.filter(({ before, after }) => before !== after), kept }
}

import semver from 'semver'
import { RecipeError } from '../recipe-error.ts'
import type { ClassifiedEntry } from './classify.ts'

export type Level = 'major' | 'minor' | 'patch'

export interface Decision {
  version: string
  /** In words: what the history has, and what follows from it. */
  reason: string
  /** Nothing says how far to raise it: the smallest step was taken for want of a better reason. */
  isGuess?: true
}

export interface Known {
  /** Of the highest tag, pre-release or not. */
  released?: string
  /** Of the highest tag that is no pre-release. */
  stable?: string
  /** What the manifests say, as it is written there. */
  manifest?: string
}

/**
 * The next version by Semantic Versioning. Where commits keep to Conventional Commits: major for a
 * breaking change, minor for a feature, else patch; before 1.0.0 a breaking change raises the minor
 * version (https://semver.org/#spec-item-4). Where none does: patch. A version somebody has set
 * already, in a manifest or by a pre-release, is kept when it is higher.
 */
export function decideVersion(entries: readonly ClassifiedEntry[], known: Known): Decision {
  const { level, because, isGuess } = decideLevel(entries)
  const decision = raise(level, because, known)
  const { stable } = known
  const isNext = stable !== undefined && decision.version === semver.inc(stable, 'patch')
  return isGuess && isNext ? { ...decision, isGuess } : decision
}

/** The version for a level that was asked for. */
export function raise(level: Level, because: string, known: Known): Decision {
  const { released, stable } = known
  const ahead = baseOf(known.manifest)
  if (released === undefined) {
    const version = ahead ?? '0.1.0'
    const from = ahead === undefined ? 'no manifest says one' : 'the manifests say so'
    return { version, reason: `First release: there is no release tag yet, and ${from}.` }
  }
  const from = stable ?? semver.inc(released, 'patch') ?? released
  const isEarly = semver.major(from) === 0 && level === 'major'
  const applied = isEarly ? 'minor' : level
  const computed = stable === undefined ? baseOf(released) : semver.inc(stable, applied)
  const early = isEarly ? ' Before 1.0.0 a breaking change raises the minor version.' : ''
  // A stable version always has a next one, a valid version always a base.
  const candidates = [computed ?? from, baseOf(released) ?? released, ...(ahead ? [ahead] : [])]
  const version = candidates.reduce((high, next) => (semver.gt(next, high) ? next : high))
  if (version === computed) {
    const what = stable === undefined ? `${released} is completed` : `${applied} from ${from}`
    return { version, reason: `${because}: ${what}.${early}` }
  }
  const who = version === ahead ? 'the manifests say so already' : `${released} leads to it`
  return { version, reason: `${because}, but ${version} is higher: ${who}.${early}` }
}

function decideLevel(entries: readonly ClassifiedEntry[]): {
  level: Level
  because: string
  isGuess?: true
} {
  const count = (kind: ClassifiedEntry['kind']): number =>
    entries.filter((entry) => entry.kind === kind).length
  const breaking = count('breaking')
  const features = count('feature')
  const isConventional = entries.some((entry) => entry.isConventional)
  if (breaking > 0) return { level: 'major', because: counted(breaking, 'breaking change') }
  if (!isConventional) {
    const because = `${counted(entries.length, 'change')}, none by Conventional Commits, so the smallest step`
    return { level: 'patch', because, isGuess: true }
  }
  if (features > 0)
    return { level: 'minor', because: `${counted(features, 'feature')}, nothing breaks` }
  return { level: 'patch', because: 'Fixes and small changes only' }
}

export function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`
}

/** The release a version stands for or leads to: `1.2.0` of `1.2.0-rc.1`, `1.2-SNAPSHOT`, `1.2.0.dev3`. */
export function baseOf(version: string | undefined): string | undefined {
  if (version === undefined) return undefined
  const [, major, minor, patch = '0'] = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(version) ?? []
  return major === undefined ? undefined : (semver.valid(`${major}.${minor}.${patch}`) ?? undefined)
}

/**
 * A version that was asked for.
 *
 * @throws RecipeError when it is none, or not above what is released
 */
export function requireVersion(text: string, { released }: Known): string {
  const version = semver.valid(text)
  if (version === null)
    throw new RecipeError(`version: ${JSON.stringify(text)} is no version like 1.2.3.`)
  if (released !== undefined && semver.lte(version, released)) {
    throw new RecipeError(`version: ${version} is not above ${released}, which is released.`)
  }
  return version
}

import { RecipeError } from '../recipe-error.ts'
import type { RecipeContext } from '../recipe.ts'
import type { Change, Repository } from '../repository/repository.ts'
import { bumpVersions, currentVersion, findPlaces, tagNames } from './bump-versions.ts'
import type { ClassifiedEntry } from './classify.ts'
import { findReleases, type Release } from './last-release.ts'
import {
  counted,
  type Decision,
  decideVersion,
  type Known,
  type Level,
  raise,
  requireVersion,
} from './next-version.ts'
import { readHistory } from './read-history.ts'
import { readReleaseSettings, type ReleaseSettings } from './release-settings.ts'
import { findChangelog, hasSection, updateChangelog } from './update-changelog.ts'
import {
  compareUrl,
  conventionalTitles,
  escapeMarkdown,
  keepTitles,
  writeNotes,
} from './write-notes.ts'

export interface ReleaseWishes {
  version?: string | undefined
  bump?: Level | undefined
  /** Why that far, in one sentence. */
  reason?: string | undefined
  tag_prefix?: string | undefined
  web_url?: string | undefined
}

export interface ReleasePlan {
  type: 'release'
  version: string
  tag: string
  /** The tag of the release before; absent for the first one. */
  since?: string
  reason: string
  notes: string
  compareUrl?: string
  changes: Change[]
  /** Packages that keep a version of their own. */
  kept: string[]
  isConventional: boolean
  /** The version is the smallest step only because nothing says how far to raise it. */
  isGuess: boolean
  /** What a user notices, newest first, in the words of the commits. */
  messages: string[]
}

export type NothingToRelease = { type: 'nothing'; reason: string }

/**
 * Works out the next release of a repository from its tags, its history and its files, and changes
 * nothing. The same commit and day give the same plan.
 */
export async function planRelease(
  repository: Repository,
  wishes: ReleaseWishes,
  { today }: Pick<RecipeContext, 'today'>,
): Promise<ReleasePlan | NothingToRelease> {
  const settings = await readReleaseSettings(repository)
  const places = await findPlaces(repository, settings)
  const current = currentVersion(places)
  const prefix = wishes.tag_prefix ?? settings.tag_prefix
  const releases = await findReleases(repository, {
    ...tagNames(places, current),
    ...(prefix !== undefined && { prefix }),
  })
  const [last] = releases
  const stable = releases.find(({ version }) => !version.includes('-'))
  const known: Known = {
    ...(last !== undefined && { released: last.version }),
    ...(stable !== undefined && { stable: stable.version }),
    ...(current !== undefined && { manifest: current }),
  }
  const isForced = wishes.version !== undefined || wishes.bump !== undefined
  const fresh = await readHistory(repository, last?.tag)
  if (last !== undefined && !isForced) {
    const nothing = nothingSince(last, fresh)
    if (nothing !== undefined) return nothing
  }
  // What leads up to a release includes what its pre-releases had.
  const since = stable ?? (last?.version.includes('-') === true ? undefined : last)
  const entries = since === last ? fresh : await readHistory(repository, since?.tag)
  const { version, reason, isGuess = false } = decide(entries, wishes, known)
  const tag = `${prefix ?? last?.prefix ?? 'v'}${version}`
  const context = {
    tag,
    ...(wishes.web_url !== undefined && { webUrl: wishes.web_url.replace(/\/+$/, '') }),
    ...(since !== undefined && { since: since.tag }),
  }
  const written = await changelogChange(repository, settings, entries, { version, today, context })
  const { changes, kept } = await bumpVersions(repository, places, current, version)
  if (written === 'prepared' && (!isForced || changes.length === 0)) {
    const reason = `Nothing to release: ${version} is prepared already. Tag it ${tag} to release it.`
    return { type: 'nothing', reason }
  }
  const url = compareUrl(context)
  return {
    type: 'release',
    version,
    tag,
    ...(since !== undefined && { since: since.tag }),
    reason,
    notes: notesOf(entries, conventionalTitles, context),
    ...(url !== undefined && { compareUrl: url }),
    changes: written === 'prepared' || written === undefined ? changes : [...changes, written],
    kept,
    isConventional: entries.some(({ isConventional }) => isConventional),
    isGuess,
    messages: entries.filter(({ kind }) => kind !== 'unnoticed').map(({ message }) => message),
  }
}

function nothingSince(
  { tag }: Release,
  entries: readonly ClassifiedEntry[],
): NothingToRelease | undefined {
  if (entries.some(({ kind }) => kind !== 'unnoticed')) return undefined
  const what =
    entries.length === 0
      ? `no changes since ${tag}`
      : `${counted(entries.length, 'change')} since ${tag}, none that a user notices`
  return { type: 'nothing', reason: `Nothing to release: ${what}.` }
}

function decide(
  entries: readonly ClassifiedEntry[],
  { version, bump, reason }: ReleaseWishes,
  known: Known,
): Decision {
  if (reason !== undefined && (bump === undefined || version !== undefined)) {
    throw new RecipeError('reason: it goes with bump, and says why the version is raised so far.')
  }
  if (version !== undefined) {
    return { version: requireVersion(version, known), reason: 'The version was asked for.' }
  }
  if (bump !== undefined) {
    return raise(bump, because(reason) ?? `A ${bump} release was asked for`, known)
  }
  return decideVersion(entries, known)
}

/** A reason may come from a model, which has read what strangers wrote: one line, and no markup. */
function because(reason: string | undefined): string | undefined {
  return (reason && escapeMarkdown(reason).replace(/[.\s]+$/, '')) || undefined
}

type NotesContext = Parameters<typeof writeNotes>[2]

function notesOf(
  entries: readonly ClassifiedEntry[],
  titles: Parameters<typeof writeNotes>[1],
  context: NotesContext,
): string {
  return writeNotes(entries, titles, context) || 'No changes that a user notices.'
}

async function changelogChange(
  repository: Repository,
  settings: ReleaseSettings,
  entries: readonly ClassifiedEntry[],
  release: { version: string; today: string; context: NotesContext },
): Promise<Change | 'prepared' | undefined> {
  const path = findChangelog(repository, settings.changelog)
  if (path === undefined) return undefined
  const before = await repository.readText(path)
  const { version, today, context } = release
  if (before !== undefined && hasSection(before, version)) return 'prepared'
  const url = compareUrl(context)
  const after = updateChangelog(before, {
    version,
    tag: context.tag,
    date: today,
    notes: notesOf(entries, conventionalTitles, context),
    keepNotes: notesOf(entries, keepTitles, context),
    ...(url !== undefined && { compareUrl: url }),
  })
  return { path, ...(before !== undefined && { before }), after }
}

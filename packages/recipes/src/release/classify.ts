import { CommitParser } from 'conventional-commits-parser'
import type { HistoryEntry } from './read-history.ts'

export const kinds = [
  'breaking',
  'feature',
  'fix',
  'performance',
  'dependencies',
  'other',
  'unnoticed',
] as const
export type Kind = (typeof kinds)[number]

export interface ClassifiedEntry extends HistoryEntry {
  kind: Kind
  isConventional: boolean
  scope?: string
  /** One line, without the type. */
  subject: string
  /** What breaks, in the words of a `BREAKING CHANGE` footer. */
  breakingNote?: string
}

const parser = new CommitParser({
  headerPattern: /^(\w+)(?:\(([^()]*)\))?(!)?: (.*)$/,
  headerCorrespondence: ['type', 'scope', 'breaking', 'subject'],
  noteKeywords: ['BREAKING CHANGE', 'BREAKING-CHANGE'],
})

/** By type, as conventional-changelog's Angular preset and its like know them. */
const kindOfType: Readonly<Record<string, Kind>> = {
  feat: 'feature',
  feature: 'feature',
  fix: 'fix',
  bugfix: 'fix',
  hotfix: 'fix',
  perf: 'performance',
  revert: 'fix',
  security: 'fix',
  deps: 'dependencies',
  refactor: 'other',
  docs: 'unnoticed',
  doc: 'unnoticed',
  style: 'unnoticed',
  test: 'unnoticed',
  tests: 'unnoticed',
  ci: 'unnoticed',
  build: 'unnoticed',
  chore: 'unnoticed',
  release: 'unnoticed',
}

/** A commit by which a release was made says nothing of its own. */
const releaseCommit =
  /^(chore\(release\)|\[maven-release-plugin\]|(chore: )?(release|publish|bump version( to)?|version bump|prepare( for)?( next)?( release)?) v?\d|v?\d+\.\d+\.\d+\S*$|(release|publish)$)/i

/** `Bump lodash from 4.0 to 4.1`, as Dependabot and Renovate write it. */
const dependencyBump = /^(bump|update dependency|update) \S+ (from \S+ )?to v?\d/i

/** What a change is, where it keeps to https://www.conventionalcommits.org with a type that is known. */
export function classify(entry: HistoryEntry): ClassifiedEntry {
  const { message } = entry
  const [firstLine = ''] = message.split('\n')
  const { type, scope, isBreaking, subject, breakingNote } = parse(message)
  const isConventional = type !== undefined
  const line = subject ?? firstLine
  const base = { ...entry, isConventional, subject: line, ...(scope && { scope }) }
  if (isBreaking) return { ...base, kind: 'breaking', ...(breakingNote && { breakingNote }) }
  if (releaseCommit.test(firstLine)) return { ...base, kind: 'unnoticed' }
  const isOfDependencies = scope === 'deps' || dependencyBump.test(line)
  if (isOfDependencies && type !== 'fix') return { ...base, kind: 'dependencies' }
  return { ...base, kind: type === undefined ? 'other' : (kindOfType[type] ?? 'other') }
}

interface Parsed {
  type?: string
  scope?: string
  subject?: string
  isBreaking: boolean
  breakingNote?: string
}

function parse(message: string): Parsed {
  // The parser refuses a message that is empty once its comments are gone.
  if (message.trim() === '') return { isBreaking: false }
  const { type, scope, breaking, subject, notes } = parser.parse(message)
  const note = notes[0]?.text.trim()
  const known = type?.toLowerCase()
  if (!known || !subject || !Object.hasOwn(kindOfType, known)) {
    return { isBreaking: note !== undefined, ...(note && { breakingNote: note }) }
  }
  return {
    type: known,
    subject,
    isBreaking: Boolean(breaking) || note !== undefined,
    ...(scope && { scope }),
    ...(note && { breakingNote: note }),
  }
}

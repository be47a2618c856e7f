import type { Repository } from '../repository/repository.ts'

/** Names a changelog has in the wild, the most usual first. */
const names = [
  'CHANGELOG.md',
  'Changelog.md',
  'changelog.md',
  'CHANGES.md',
  'HISTORY.md',
  'History.md',
  'NEWS.md',
  'docs/CHANGELOG.md',
]
const otherForms = /^(CHANGE(LOG|S)|HISTORY|NEWS)(\.(rst|txt|adoc))?$/i

/**
 * The path of the changelog: the one named, the one there is, `CHANGELOG.md` to be made; undefined where
 * there is one in a form that is not Markdown, which is left to its owner.
 */
export function findChangelog(
  { files }: Repository,
  named: string | false | undefined,
): string | undefined {
  if (named === false) return undefined
  const found = named ?? names.find((name) => files.has(name))
  if (found !== undefined) return found
  return [...files.keys()].some((path) => otherForms.test(path)) ? undefined : names[0]
}

export interface Section {
  version: string
  tag: string
  /** `2026-01-31` */
  date: string
  notes: string
  /** The same notes under Keep a Changelog's titles. */
  keepNotes: string
  compareUrl?: string
}

/** Whether the changelog has a section of this version already. */
export function hasSection(text: string, version: string): boolean {
  return headings(text).some((heading) => heading.version === version)
}

/**
 * Puts the section of a release where the changelog has its newest one. Under Keep a Changelog what
 * stood under `Unreleased` becomes the release's, word for word, and the notes only fill it when it was
 * empty. A changelog of another form gets a section in the form of its latest heading.
 */
export function updateChangelog(before: string | undefined, section: Section): string {
  const text = before ?? '# Changelog\n'
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const plain = text.replaceAll('\r\n', '\n')
  const found = headings(plain)
  const unreleased = found.find(({ isUnreleased }) => isUnreleased)
  const updated =
    unreleased === undefined
      ? insertSection(plain, found, section)
      : releaseUnreleased(plain, found, unreleased, section)
  return newline === '\n' ? updated : updated.replaceAll('\n', newline)
}

interface Heading {
  start: number
  end: number
  text: string
  level: number
  version?: string
  isUnreleased: boolean
}

function headings(text: string): Heading[] {
  const found: Heading[] = []
  let fence: string | undefined
  let at = 0
  for (const line of text.replaceAll('\r\n', '\n').split('\n')) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark !== undefined && (fence === undefined || mark.startsWith(fence))) {
      fence = fence === undefined ? mark : undefined
    }
    const marks = fence === undefined ? /^(#{1,3})[ \t]+(?=\S)/.exec(line)?.[1] : undefined
    if (marks !== undefined) {
      const version = /^#+[ \t]+(?:version |release )?\[?v?(\d+\.\d+\.\d+[0-9A-Za-z.+-]*)/i.exec(
        line,
      )?.[1]
      found.push({
        start: at,
        end: at + line.length,
        text: line,
        level: marks.length,
        ...(version !== undefined && { version }),
        isUnreleased: marks.length === 2 && /^##[ \t]+\[?unreleased\b/i.test(line),
      })
    }
    at += line.length + 1
  }
  return found
}

function releaseUnreleased(
  text: string,
  found: readonly Heading[],
  unreleased: Heading,
  section: Section,
): string {
  const { version, date, keepNotes } = section
  const next = found.find(({ start, level }) => start > unreleased.start && level <= 2)
  const rest = text.slice(unreleased.end)
  const links = /^\[[^\]\n]+\]:[ \t]*\S+/m.exec(rest)
  const linksAt = links === null ? text.length : unreleased.end + links.index
  const end = Math.min(next?.start ?? text.length, linksAt)
  const written = withoutEmptyGroups(text.slice(unreleased.end, end)).trim()
  const isLinked = /^##[ \t]+\[/.test(unreleased.text)
  const heading = `## ${isLinked ? `[${version}]` : version} - ${date}`
  const body = written === '' ? keepNotes : written
  const released = `\n\n${heading}\n\n${body}\n\n`
  const tail = text.slice(end)
  const whole = `${text.slice(0, unreleased.end)}${released}${tail}`.trimEnd()
  return `${isLinked ? updateLinks(whole, section) : whole}\n`
}

/** A template of Keep a Changelog may stand there with nothing below its titles. */
function withoutEmptyGroups(text: string): string {
  const groups = text.split(/^(?=###[ \t])/m)
  return groups
    .filter(
      (group) => !group.startsWith('###') || group.split('\n').slice(1).join('').trim() !== '',
    )
    .join('')
}

/** `[unreleased]: …/compare/v1.2.0...HEAD` goes on from the release, which gets a link of its own. */
function updateLinks(text: string, { version, tag, compareUrl: url }: Section): string {
  const link = /^\[unreleased\]:[ \t]*(\S+?\/compare\/)(\S+?)(\.{2,3})(\S+)[ \t]*$/im
  const found = link.exec(text)
  const [line = '', before = '', from = '', dots = '', head = ''] = found ?? []
  if (found === null) return url === undefined ? text : `${text}\n\n[${version}]: ${url}`
  const name = line.slice(0, line.indexOf(']') + 1)
  const released = `[${version}]: ${before}${from}${dots}${tag}`
  const renewed = `${name}: ${before}${tag}${dots}${head}\n${released}`
  return text.slice(0, found.index) + renewed + text.slice(found.index + line.length)
}

function insertSection(text: string, found: readonly Heading[], section: Section): string {
  const latest = found.find(({ version }) => version !== undefined)
  const heading = headingLike(latest, section)
  const entry = `${heading}\n\n${section.notes}\n`
  if (latest !== undefined) {
    return `${text.slice(0, latest.start)}${entry}\n${text.slice(latest.start)}`
  }
  // After the title and its first words, which belong to the file as a whole.
  const [title] = found
  const nextHeading = found.find((other) => other !== title)
  const at = title?.level === 1 ? (nextHeading?.start ?? text.length) : 0
  const above = text.slice(0, at).trimEnd()
  const below = text.slice(at).trimStart()
  return `${above === '' ? '' : `${above}\n\n`}${entry}${below === '' ? '' : `\n${below}`}`
}

/** The heading in the form of the latest one: its level, a `v`, a link, and how it writes the date. */
function headingLike(latest: Heading | undefined, section: Section): string {
  const { version, date, compareUrl: url } = section
  const text = latest?.text ?? '## '
  const marks = '#'.repeat(latest?.level ?? 2)
  const name = /#[ \t]+(?:version |release )?\[?v\d/i.test(text) ? `v${version}` : version
  const isLinked = /\]\(/.test(text)
  const shown = isLinked && url !== undefined ? `[${name}](${url})` : name
  const bracketed = !isLinked && /#[ \t]+\[/.test(text) ? `[${shown}]` : shown
  if (latest !== undefined && !/\d{4}/.test(text.replace(/\d+\.\d+\.\d+/, ''))) {
    return `${marks} ${bracketed}`
  }
  const isDashed = /[-–—][ \t]+\d{4}-/.test(text)
  return `${marks} ${bracketed} ${isDashed ? `- ${date}` : `(${date})`}`
}

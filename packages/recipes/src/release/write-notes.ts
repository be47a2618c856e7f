import type { ClassifiedEntry, Kind } from './classify.ts'

export interface NotesContext {
  /** The repository's page, like `https://github.com/acme/shop`; without it nothing is linked. */
  webUrl?: string
  /** The tag of the release before. */
  since?: string
  /** The tag the release will have. */
  tag: string
}

type Shown = Exclude<Kind, 'unnoticed'>

export const conventionalTitles: Readonly<Record<Shown, string>> = {
  breaking: 'Breaking changes',
  feature: 'Features',
  fix: 'Fixes',
  performance: 'Performance',
  dependencies: 'Dependencies',
  other: 'Other changes',
}

/** https://keepachangelog.com/en/1.1.0/ */
export const keepTitles: Readonly<Record<Shown, string>> = {
  breaking: 'Changed',
  feature: 'Added',
  fix: 'Fixed',
  performance: 'Changed',
  dependencies: 'Changed',
  other: 'Changed',
}

/** The longest list: a body of GitHub's takes 65,536 characters. */
const mostEntries = 250

/** The changes as grouped Markdown lists with links, newest first within a group. */
export function writeNotes(
  entries: readonly ClassifiedEntry[],
  titles: Readonly<Record<Shown, string>>,
  context: NotesContext,
): string {
  const shown = entries.filter(({ kind }) => kind !== 'unnoticed')
  const groups = new Map<string, string[]>()
  for (const [kind, title] of Object.entries(titles)) {
    const lines = shown
      .slice(0, mostEntries)
      .filter((entry) => entry.kind === kind)
      .map((entry) => writeEntry(entry, context))
    if (lines.length > 0) groups.set(title, [...(groups.get(title) ?? []), ...lines])
  }
  const sections = [...groups].map(([title, lines]) => `### ${title}\n\n${lines.join('\n')}`)
  const more = shown.length - mostEntries
  if (more > 0) sections.push(`And ${more} older changes.`)
  return sections.join('\n\n')
}

function writeEntry(entry: ClassifiedEntry, context: NotesContext): string {
  const { scope, subject, breakingNote } = entry
  const prefix = scope === undefined ? '' : `**${escapeMarkdown(scope)}:** `
  const note =
    breakingNote === undefined || breakingNote === subject
      ? ''
      : `: ${escapeMarkdown(breakingNote.replace(/\s+/g, ' ').slice(0, 500))}`
  return `- ${prefix}${escapeMarkdown(subject)}${note} (${source(entry, context)})`
}

function source({ commit, pull }: ClassifiedEntry, { webUrl }: NotesContext): string {
  const short = commit.slice(0, 7)
  if (webUrl === undefined) return pull === undefined ? short : `#${pull}`
  if (pull !== undefined) return `[#${pull}](${webUrl}/pull/${pull})`
  return `[${short}](${webUrl}/commit/${commit})`
}

/** What changed between the two tags, as a link; empty where there is none to give. */
export function compareUrl({ webUrl, since, tag }: NotesContext): string | undefined {
  if (webUrl === undefined) return undefined
  const to = encodeURIComponent(tag)
  if (since === undefined) return `${webUrl}/commits/${to}`
  return `${webUrl}/compare/${encodeURIComponent(since)}...${to}`
}

/** Nothing of a commit's message becomes markup, a tag, a mention or a control character. */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]+/g, ' ')
    .replace(/[\\*_[\]<>|~]/g, String.raw`\$&`)
    .replace(/&(?=[#\w])/g, '&amp;')
    .replace(/@(?=\w)/g, '@<!-- -->')
    .trim()
}

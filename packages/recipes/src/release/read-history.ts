import type { Repository } from '../repository/repository.ts'
import { classify, type ClassifiedEntry, kinds } from './classify.ts'

export interface Commit {
  id: string
  parents: string[]
  subject: string
  body: string
}

/** One change as the notes tell it: a commit, with the pull request it came by. */
export interface HistoryEntry {
  commit: string
  message: string
  pull?: number
}

/** More commits than this are not read: notes of that length have no reader. */
const mostCommits = 20_000

/**
 * What was merged since a tag, newest first, told along the first parents, without what was taken back. A
 * merged pull request is told by its commits where one of them keeps to Conventional Commits, and by its
 * title where none does, or where the title says more than they do.
 */
export async function readHistory(
  repository: Repository,
  since: string | undefined,
): Promise<ClassifiedEntry[]> {
  const commits = await readCommits(repository, since)
  const reverted = findReverted(commits)
  const entries: ClassifiedEntry[] = []
  const seen = new Set<string>()
  for (const commit of firstParents(commits, repository.commit).toReversed()) {
    seen.add(commit.id)
    const [, ...merged] = commit.parents
    const inside = merged.flatMap((parent) => walk(commits, parent, seen))
    const own = merged.length === 0 ? [commit] : inside.filter(({ parents }) => parents.length < 2)
    if (!reverted.has(commit.id)) entries.push(...tell(commit, own, reverted))
  }
  return entries.toReversed()
}

async function readCommits(
  repository: Repository,
  since: string | undefined,
): Promise<Map<string, Commit>> {
  const range = since === undefined ? [] : ['--not', `refs/tags/${since}`]
  const format = '--format=%H%x00%P%x00%s%x00%b%x00'
  const output = await repository.git([
    'log',
    '--no-show-signature',
    '--no-color',
    `--max-count=${mostCommits}`,
    format,
    repository.commit,
    ...range,
  ])
  const fields = output.split('\0')
  const commits = new Map<string, Commit>()
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [id = '', parents = '', subject = '', body = ''] = fields.slice(at, at + 4)
    const parentIds = parents.split(' ').filter((parent) => parent !== '')
    commits.set(id.trim(), { id: id.trim(), parents: parentIds, subject, body: body.trim() })
  }
  return commits
}

function firstParents(commits: Map<string, Commit>, from: string): Commit[] {
  const line: Commit[] = []
  for (let at = commits.get(from); at !== undefined; at = commits.get(at.parents[0] ?? '')) {
    line.push(at)
  }
  return line
}

/** What a merge brought, oldest first: all it reaches that nothing before it did. */
function walk(commits: Map<string, Commit>, from: string, seen: Set<string>): Commit[] {
  const found: Commit[] = []
  const stack = [from]
  for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
    const commit = commits.get(id)
    if (commit === undefined || seen.has(id)) continue
    seen.add(id)
    found.push(commit)
    stack.push(...commit.parents)
  }
  return found.toReversed()
}

/** How GitHub, GitLab, and Bitbucket name the merge of a pull request. */
const pullMerge =
  /^Merge pull request #(?<github>\d+) |^Merged in .* \(pull request #(?<bitbucket>\d+)\)$/

function tell(
  commit: Commit,
  own: readonly Commit[],
  reverted: ReadonlySet<string>,
): ClassifiedEntry[] {
  const left = own.filter(({ id }) => !reverted.has(id))
  const groups = pullMerge.exec(commit.subject)?.groups
  const number = groups?.github ?? groups?.bitbucket
  if (number === undefined) return left.map((inside) => classify(entryOf(inside)))
  if (left.length === 0 && own.length > 0) return []
  const pull = Number(number)
  const inside = left.map((each) => classify({ ...entryOf(each), pull }))
  const title = titleOf(commit)
  const entry = classify({ commit: commit.id, message: title, pull })
  // A pull request of one commit has its words for a title: taken back, they count in neither place.
  const isTakenBack = own.some(
    (each) => reverted.has(each.id) && classify(entryOf(each)).subject === entry.subject,
  )
  const told = inside.filter(({ isConventional, kind }) => isConventional || kind === 'breaking')
  if (!told.some(({ isConventional }) => isConventional)) {
    const breaking = left[inside.findIndex(({ kind }) => kind === 'breaking')]
    const subject = (!isTakenBack && title) || left.at(-1)?.subject || commit.subject
    const message = breaking === undefined ? subject : `${subject}\n\n${breaking.body}`
    return [classify({ commit: commit.id, message, pull })]
  }
  const saysMore = told.every(({ kind }) => kinds.indexOf(entry.kind) < kinds.indexOf(kind))
  if (!entry.isConventional || isTakenBack || !saysMore) return told
  return [...told.filter(({ subject }) => subject !== entry.subject), entry]
}

/** The title of the pull request, which the body of its merge begins with. */
function titleOf({ body }: Commit): string {
  const [title = ''] = body.split('\n')
  return title.trim()
}

function messageOf({ subject, body }: Commit): string {
  return body === '' ? subject : `${subject}\n\n${body}`
}

/** A squashed pull request ends its subject with its number. */
function entryOf(commit: Commit): HistoryEntry {
  const found = /^(?<subject>.*\S)\s+\(#(?<pull>\d+)\)$/.exec(commit.subject)
  const { subject, pull } = found?.groups ?? {}
  if (subject === undefined) return { commit: commit.id, message: messageOf(commit) }
  const message = messageOf({ ...commit, subject })
  return { commit: commit.id, message, pull: Number(pull) }
}

/** Commits that were taken back since, and those that took them back: together they changed nothing. */
function findReverted(commits: Map<string, Commit>): Set<string> {
  const reverted = new Set<string>()
  for (const { id, body } of commits.values()) {
    // Newest first: a revert that was itself reverted takes nothing back.
    const target = commits.get(/^This reverts commit ([0-9a-f]{40})\b/m.exec(body)?.[1] ?? '')
    if (target === undefined || reverted.has(id)) continue
    reverted.add(id).add(target.id)
    for (const inside of broughtBy(commits, target)) reverted.add(inside.id)
  }
  return reverted
}

/** What a merge added to its first parent. Taking the merge back takes all of it. */
function broughtBy(commits: Map<string, Commit>, { parents }: Commit): Commit[] {
  const [first, ...merged] = parents
  if (first === undefined || merged.length === 0) return []
  const before = new Set<string>()
  walk(commits, first, before)
  return merged.flatMap((parent) => walk(commits, parent, before))
}

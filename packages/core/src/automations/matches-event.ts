import {
  type EventName,
  type EventTriggers,
  type ForgeEventName,
  parseSearchQuery,
  type SearchTerm,
} from '@errand/contract'
import ignore from 'ignore'

/** An issue or a pull request, as far as filters ask. */
export interface EventSubject {
  type: 'issue' | 'pull'
  title: string
  body: string
  state: 'open' | 'closed'
  merged: boolean
  draft: boolean
  author: string
  labels: readonly string[]
  assignees: readonly string[]
}

/** What happened, as the forge says it is. */
export interface EventFacts {
  event: ForgeEventName
  type: string
  subject?: EventSubject
  /** That was added or taken away. */
  label?: string
  assignee?: string
  /** What was written: a comment, a review, or the text of the subject itself. */
  text?: string
  review_state?: string
  workflow?: string
  conclusion?: string
  /** Files that a pull request changes, where a filter asks for them. */
  paths?: readonly string[]
}

/** What any trigger may ask. */
interface Filters {
  types?: readonly string[]
  query?: string
  body_substring?: string
  labels?: readonly string[]
  assignees?: readonly string[]
  states?: readonly string[]
  workflows?: readonly string[]
  conclusions?: readonly string[]
  paths?: readonly string[]
}

/**
 * The filter of a trigger that what happened does not meet; undefined where it meets all. Names and texts are
 * compared in any case, as GitHub does.
 */
export function mismatchOf(
  trigger: EventTriggers[Exclude<EventName, 'automation_run'>],
  facts: EventFacts,
): keyof Filters | undefined {
  const filters: Filters = trigger
  const { subject } = facts
  const checks: [keyof Filters, boolean][] = [
    ['types', isAmong(filters.types, facts.type)],
    ['states', isAmong(filters.states, facts.review_state)],
    ['workflows', isAmong(filters.workflows, facts.workflow)],
    ['conclusions', isAmong(filters.conclusions, facts.conclusion)],
    // They ask which one it was, where one was added or taken away.
    ['labels', !facts.type.endsWith('labeled') || isAmong(filters.labels, facts.label)],
    ['assignees', !facts.type.endsWith('assigned') || isAmong(filters.assignees, facts.assignee)],
    ['body_substring', contains(facts.text, filters.body_substring)],
    ['query', filters.query === undefined || isFound(filters.query, subject)],
    ['paths', filters.paths === undefined || changesAny(filters.paths, facts.paths ?? [])],
  ]
  return checks.find(([, isMet]) => !isMet)?.[0]
}

function isAmong(wanted: readonly string[] | undefined, value: string | undefined): boolean {
  if (wanted === undefined) return true
  return value !== undefined && wanted.some((one) => isSame(one, value))
}

function contains(text: string | undefined, part: string | undefined): boolean {
  if (part === undefined) return true
  return text !== undefined && text.toLowerCase().includes(part.toLowerCase())
}

function isFound(query: string, subject: EventSubject | undefined): boolean {
  if (subject === undefined) return false
  return parseSearchQuery(query).every((term) => holds(term, subject) !== term.negated)
}

function holds({ qualifier, values }: SearchTerm, subject: EventSubject): boolean {
  const { title, body, labels, author, assignees } = subject
  if (qualifier === 'text') return contains(`${title}\n${body}`, values[0])
  if (qualifier === 'label') return values.some((name) => isAmong(labels, name))
  if (qualifier === 'author') return values.some((login) => isSame(login, author))
  if (qualifier === 'assignee') return values.some((login) => isAmong(assignees, login))
  return values.every((value) => isIt(value.toLowerCase(), subject))
}

function isIt(value: string, { type, state, merged, draft }: EventSubject): boolean {
  if (value === 'issue') return type === 'issue'
  if (value === 'pr') return type === 'pull'
  if (value === 'merged') return merged
  if (value === 'unmerged') return type === 'pull' && !merged
  if (value === 'draft') return draft
  return state === value
}

/** As a .gitignore has it: the last pattern that matches a file decides, and `!` takes it out again. */
function changesAny(patterns: readonly string[], paths: readonly string[]): boolean {
  const matcher = ignore({ allowRelativePaths: true }).add([...patterns])
  return paths.some((path) => path !== '' && matcher.ignores(path))
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

import { invalidField } from '@errand/contract'
import type { AuditFilter } from '@errand/core'

type Filter = Pick<AuditFilter, 'actions' | 'actors' | 'repositories' | 'since' | 'until'>

const lists = { action: 'actions', actor: 'actors', repo: 'repositories' } as const
const date = String.raw`\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?`
const created = new RegExp(`^(?:(>=?|<=?)(${date})|(${date}|\\*)\\.\\.(${date}|\\*)|(${date}))$`)
const dayMs = 86_400_000

/** Words are parted by blanks, but not within quotes. */
const words = /(?:[^\s"]|"[^"]*"?)+/g
const qualifier = /^(\w+):(?:"([^"]+)"|([^\s"]+))$/

/**
 * What GitHub's audit log is asked with: `action:`, `actor:`, `repo:` and `created:`, each as often as
 * wanted, and no other words. A value with blanks stands in quotes.
 *
 * @throws ErrandError validation_failed that names what is not understood
 */
export function readPhrase(phrase: string): Filter {
  const filter: Filter = {}
  for (const word of phrase.match(words) ?? []) {
    const [, name = '', quoted, plain] = qualifier.exec(word) ?? []
    const value = quoted ?? plain ?? ''
    if (name === 'created') Object.assign(filter, readCreated(value, word))
    else if (Object.hasOwn(lists, name)) {
      // It is one of its keys.
      const list = lists[name as keyof typeof lists]
      filter[list] = [...(filter[list] ?? []), value]
    } else throw notUnderstood(word)
  }
  return filter
}

function readCreated(value: string, word: string): Pick<Filter, 'since' | 'until'> {
  const [, sign, bound, from, to, day] = created.exec(value) ?? []
  // Behind a day is behind its end, and before it is before its beginning.
  if (sign === '>') return { since: new Date(timeOf(bound, true, word).getTime() + 1) }
  if (sign === '>=') return { since: timeOf(bound, false, word) }
  if (sign === '<') return { until: new Date(timeOf(bound, false, word).getTime() - 1) }
  if (sign === '<=') return { until: timeOf(bound, true, word) }
  if (day !== undefined) return { since: timeOf(day, false, word), until: timeOf(day, true, word) }
  if (from === undefined) throw notUnderstood(word)
  return {
    ...(from !== '*' && { since: timeOf(from, false, word) }),
    ...(to !== '*' && { until: timeOf(to, true, word) }),
  }
}

/** A day is meant from its first moment to its last. */
function timeOf(text: string | undefined, isEnd: boolean, word: string): Date {
  const time = Date.parse(text ?? '')
  if (Number.isNaN(time)) throw notUnderstood(word)
  const isDay = text?.length === 10
  return new Date(isEnd && isDay ? time + dayMs - 1 : time)
}

function notUnderstood(word: string): Error {
  const shown = word.slice(0, 100)
  return invalidField(
    'phrase',
    `phrase: '${shown}' is not understood; it takes action:, actor:, repo: and created:`,
    'AuditLog',
  )
}

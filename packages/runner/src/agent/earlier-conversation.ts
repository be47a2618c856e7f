import type { Event, EventType } from '@errand/contract'

import { truncateMiddle } from '../printable.ts'

/** The events a conversation is told again from. */
export const toldEvents = [
  'session.created',
  'user.message',
  'assistant.message',
  'tool.execution_start',
  'elicitation.requested',
  'elicitation.completed',
] as const satisfies readonly EventType[]

/** Most of them that are looked at; the newest. */
export const mostToldEvents = 500

/** Characters of it that a prompt has room for; the oldest are left out first. */
const longestTold = 24_000
/** Characters of one entry; its middle is cut. */
const longestEntry = 4_000

type Role = 'user' | 'you' | 'tool'
interface Entry {
  role: Role
  text: string
}

/**
 * What was said and done before, for an agent that does not remember: as text, the newest part that
 * there is room for. Undefined when there is nothing to tell.
 */
export function tellConversation(events: readonly Event[]): string | undefined {
  const entries = joinTexts(events.flatMap(readEntry)).map(present)
  const kept: string[] = []
  let room = longestTold
  for (const entry of entries.toReversed()) {
    room -= entry.length + 2
    if (room < 0) break
    kept.unshift(entry)
  }
  if (kept.length === 0) return undefined
  const left = entries.length - kept.length
  return [...(left > 0 ? [`(${left} earlier parts are left out.)`] : []), ...kept].join('\n\n')
}

function readEntry({ type, data }: Event): Entry[] {
  const text = (name: string): string => (typeof data[name] === 'string' ? data[name] : '')
  const entry = (role: Role, content: string): Entry[] =>
    content.trim() === '' ? [] : [{ role, text: content }]
  switch (type) {
    case 'session.created':
      return entry('user', text('prompt'))
    case 'user.message':
      return entry('user', text('content'))
    case 'elicitation.completed':
      return entry('user', text('answer'))
    case 'assistant.message':
      return entry('you', text('content'))
    case 'elicitation.requested':
      return entry('you', text('message'))
    case 'tool.execution_start':
      return entry('tool', text('title'))
    default:
      return []
  }
}

/** A message is stored in pieces as it comes. */
function joinTexts(entries: readonly Entry[]): Entry[] {
  const joined: Entry[] = []
  for (const entry of entries) {
    const last = joined.at(-1)
    if (last?.role === 'you' && entry.role === 'you') last.text += entry.text
    else joined.push({ ...entry })
  }
  return joined
}

const roles = { user: 'The user', you: 'You', tool: 'You used a tool' } as const

function present({ role, text }: Entry): string {
  const cut = truncateMiddle(text.trim(), longestEntry)
  const quoted = cut
    .split('\n')
    .map((line) => `> ${line}`)
    .join('\n')
  return role === 'tool'
    ? `${roles.tool}: ${cut.split('\n')[0] ?? ''}`
    : `${roles[role]}:\n\n${quoted}`
}

import { cutMiddle } from '../../process/keep-ends.ts'
import { openSteps } from '../record/plan.ts'
import type { SessionRecord } from '../record/record.ts'
import { type Checkout, readChange } from '../record/workspace-state.ts'

/** How much of each may be kept, in characters. */
export interface FactLimits {
  said: number
  diff: number
}

/**
 * What stays when old turns are left out, whatever a summary says of them: the words of the user with
 * the questions they answer, the plan, what was run, and the change as it stands. At most about the limits, and
 * some lines more.
 */
export async function keepFacts(
  record: SessionRecord,
  checkout: Checkout,
  { said, diff }: FactLimits,
): Promise<string> {
  const change = await readChange(checkout, record.base_commit, diff)
  const parts = [
    section('What was said, word for word', wordsOf(record, said)),
    section('The plan', planOf(record)),
    section('The last commands that were run', runsOf(record)),
    section('The change so far, by git', change),
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

/** The task stands at the head of the conversation; of the rest the newest words are kept first. */
function wordsOf({ said }: SessionRecord, limit: number): string {
  const kept: string[] = []
  let length = 0
  for (const { by, text } of said.slice(1).toReversed()) {
    const words = `${by === 'user' ? 'The user' : 'You asked'}: ${cutMiddle(text, Math.floor(limit / 3))}`
    length += words.length
    if (length > limit) {
      kept.push('(Older words are left out.)')
      break
    }
    kept.push(words)
  }
  return kept.toReversed().join('\n')
}

function planOf(record: SessionRecord): string {
  const open = new Set(openSteps(record))
  return record.plan
    .map(({ content }) => `- [${open.has(content) ? ' ' : 'x'}] ${cutMiddle(content, 300)}`)
    .join('\n')
}

function runsOf({ runs }: SessionRecord): string {
  return runs
    .slice(-10)
    .map(({ command, exit_code, ended_by }) => {
      const end = exit_code === undefined ? ended_by.replace('_', ' ') : `exit code ${exit_code}`
      return `- ${cutMiddle(command, 300)}: ${end}`
    })
    .join('\n')
}

function section(title: string, text: string): string {
  return text === '' ? '' : `${title}:\n${text}`
}

import type { HistoryStep } from './history.ts'
import { createRandom } from './random.ts'

/** How a project writes its history: what its commits are called, and how pull requests come in. */
export interface Ways {
  subject: (verb: string, thing: string, number: number) => string
  pulls: 'merged' | 'squashed' | 'none'
  /** Lines at the end of many messages. */
  footers: readonly string[]
}

/** As GitHub's merge button leaves it, with Conventional Commits inside. */
export const conventionalMerges: Ways = {
  subject: (verb, thing) => `${verb === 'add' ? 'test' : 'fix'}(${thing}): ${verb} the ${thing}`,
  pulls: 'merged',
  footers: ['Closes #{n}', 'Co-authored-by: Zoë Müller <zoe@example.com>'],
}

export const conventionalSquashes: Ways = {
  subject: (verb, thing) => `${verb === 'add' ? 'docs' : 'fix'}: ${verb} the ${thing}`,
  pulls: 'squashed',
  footers: [
    'Fixes: #{n}',
    'Co-Authored-By: 山田 <yamada@example.com>',
    'Signed-off-by: A <a@example.com>',
  ],
}

export const plainSquashes: Ways = {
  subject: (verb, thing) => `${verb[0]?.toUpperCase()}${verb.slice(1)} the ${thing}`,
  pulls: 'squashed',
  footers: ['* More of it', 'Co-authored-by: Zoë Müller <zoe@example.com>'],
}

export const tracked: Ways = {
  subject: (verb, thing, number) => `HARB-${number} ${verb} the ${thing}`,
  pulls: 'merged',
  footers: ['Reviewed-by: Ωmega <omega@example.com>'],
}

export const plain: Ways = {
  subject: (verb, thing) => `${thing}: ${verb} it`,
  pulls: 'none',
  footers: ['Signed-off-by: A <a@example.com>', 'Cc: stable@example.com'],
}

/** The subject of what every growth has and takes back: nothing of it may be told of a release. */
export const takenBack = 'feat!: 🔥 burn all bridges'

const verbs = ['mend', 'add', 'simplify', 'speed up', 'straighten', 'undo half of']
const things = [
  'größe',
  'cache',
  'parser',
  'lock',
  '`queue`',
  'menu <b>',
  'naïve sort',
  'rate limit',
  '日本語 input',
]
const authors = [
  'Ada Example <ada@example.com>',
  'Zoë Müller <zoe@example.com>',
  '山田太郎 <yamada@example.com>',
  'dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>',
  'O\'Neil "ops" <o@example.com>',
]

/**
 * Some hundred commits as public repositories have them: by several people, with bodies and footers,
 * merged or squashed pull requests, names in many scripts, and a change that is taken back. The same
 * seed gives the same commits. `tags` are spread over them in their order.
 */
export function grow(
  seed: number,
  count: number,
  ways: Ways,
  tags: readonly string[] = [],
): HistoryStep[] {
  const random = createRandom(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const write = (at: number): HistoryStep => {
    const number = 100 + seed * 1000 + at
    const subject = ways.subject(pick(verbs), pick(things), number)
    const isSquash = ways.pulls === 'squashed' && random() < 0.8
    const body = random() < 0.3 ? '\n\nIt was asked for more than once:\n\n- here\n- and there' : ''
    const footer = random() < 0.5 ? `\n\n${pick(ways.footers).replace('{n}', String(number))}` : ''
    return {
      message: `${subject}${isSquash ? ` (#${number})` : ''}${body}${footer}`,
      author: pick(authors),
      files: { [`src/part-${at % 40}.txt`]: `${seed} ${at}\n` },
    }
  }
  const steps: HistoryStep[] = []
  for (let at = 0; at < count; at += 1) {
    const isPull = ways.pulls === 'merged' && random() < 0.4
    const inside = isPull ? [write(at), write(at)] : []
    const [first] = inside
    const subject = `Merge pull request #${200 + seed * 1000 + at} from zoe/part-${at}`
    const title = first?.message.split('\n')[0] ?? ''
    steps.push(isPull ? { message: `${subject}\n\n${title}`, merges: inside } : write(at))
  }
  const middle = Math.floor(count / 2)
  steps.splice(middle, 0, { message: takenBack, files: { 'src/bridges.txt': 'ash\n' } })
  steps.splice(middle + 3, 0, {
    message: `Revert "${takenBack}"`,
    reverts: takenBack,
    files: { 'src/bridges.txt': '' },
  })
  for (const [index, tag] of tags.entries()) {
    const step = steps[Math.floor(((index + 1) * (steps.length - 1)) / (tags.length + 1))]
    if (step !== undefined) step.tags = [...(step.tags ?? []), tag]
  }
  return steps
}

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { finish, type Reply, type Turn } from '../../test/support/scripted-model.ts'
import type { FetchedTask } from './fetch-package.ts'
import type { Outcome } from './run-task.ts'

/** What the scripted model plays in place of thinking. */
export const behaviours = ['fix', 'wrong', 'loop', 'overrun'] as const
export type Behaviour = (typeof behaviours)[number]

export type Play = (turn: Turn) => Reply

/** At this price and with these counts a request costs 6 AI credits: the second one is over the budget. */
export const price = { input: 1000, output: 1000 }
export const tokens = { input: 50, output: 10 }
export const creditsPerRequest = 6
export const overrunBudget = 5
/** The coder stops a model that brings nothing new after eight such steps, of which the first is new. */
const mostLoopSteps = 10

/** What a behaviour has to lead to: an error in words, or nothing. */
export function judge(behaviour: Behaviour, outcome: Outcome): string | undefined {
  const { solved, state, steps, credits, summary } = outcome
  switch (behaviour) {
    case 'fix':
      return solved
        ? undefined
        : `the true fix, played as edits, did not turn the check green (${state})`
    case 'wrong':
      if (state !== 'completed') return `the task is ${state}`
      return solved ? 'a wrong edit turned the check green' : undefined
    case 'loop':
      if (state !== 'completed') return `the task is ${state}`
      if (steps > mostLoopSteps) return `the loop ended only after ${steps} steps`
      return summary.includes('brought nothing new') ? undefined : 'the loop is not told'
    case 'overrun':
      if (credits > overrunBudget + creditsPerRequest) {
        return `${credits} credits were spent of ${overrunBudget}`
      }
      return state === 'waiting_for_user' ? undefined : `the task is ${state}`
    default:
      return behaviour satisfies never
  }
}

export async function playFor(behaviour: Behaviour, task: FetchedTask): Promise<Play> {
  if (behaviour === 'fix') return playFix(await editsOf(task))
  if (behaviour === 'wrong') {
    const nonsense = { path: 'NOTES-OF-THE-AGENT.md', content: 'It looks fine.\n' }
    return ({ index }) =>
      index === 0 ? { call: [['write_file', nonsense]] } : finish('Mend it', 'All tests pass.')
  }
  return ({ index }) => {
    const depth = behaviour === 'loop' ? 1 : (index % 9) + 1
    return { call: [['list_files', { depth }]] }
  }
}

type Call = [name: string, input: object]

function playFix(edits: Call[]): Play {
  return ({ index, result }) => {
    if (index > 0 && result.startsWith('old_text'))
      throw new Error(`an edit was refused: ${result}`)
    const edit = edits[index]
    return edit === undefined
      ? finish('Mend it', 'As the package itself was mended.')
      : { call: [edit] }
  }
}

/** The way from the release with the bug to the one without, as calls of the coder's tools. */
async function editsOf({ buggyDir, fixedDir }: FetchedTask): Promise<Call[]> {
  const edits: Call[] = []
  for (const path of await filesOf(fixedDir)) {
    const after = await readFile(join(fixedDir, path), 'utf8')
    const before = existsSync(join(buggyDir, path))
      ? await readFile(join(buggyDir, path), 'utf8')
      : undefined
    if (before === after) continue
    edits.push(
      before === undefined
        ? ['write_file', { path, content: after }]
        : ['edit_file', { path, ...editOf(before, after) }],
    )
  }
  return edits
}

/** Files that are made from others, and what tells of the release. */
const leftAlone = /(^|\/)(package\.json|node_modules\/.*)$|\.(md|markdown|map|html|ya?ml)$/i

async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !leftAlone.test(path))
    .toSorted()
}

/**
 * One edit from the first line that differs to the last, with as many lines around it as make it the only
 * place. Its indentation is that of a model that did not count spaces: none in common.
 */
function editOf(before: string, after: string): { old_text: string; new_text: string } {
  const [old, next] = [before.split('\n'), after.split('\n')]
  let head = 0
  while (head < Math.min(old.length, next.length) && old[head] === next[head]) head += 1
  let tail = 0
  const most = Math.min(old.length, next.length) - head
  while (tail < most && old.at(-1 - tail) === next.at(-1 - tail)) tail += 1
  for (let around = 3; ; around += 3) {
    const [start, end] = [Math.max(head - around, 0), Math.max(tail - around, 0)]
    const old_text = old.slice(start, old.length - end).join('\n')
    const new_text = next.slice(start, next.length - end).join('\n')
    const isWhole = start === 0 && end === 0
    if (isWhole || isOnlyPlace(before, old_text)) return dedent(old_text, new_text)
  }
}

function isOnlyPlace(text: string, part: string): boolean {
  if (part.trim() === '') return false
  const bare = (text: string) => text.replace(/^[ \t]+|[ \t]+$/gm, '')
  const [whole, wanted] = [bare(text), bare(part)]
  return whole.indexOf(wanted) === whole.lastIndexOf(wanted)
}

function dedent(old_text: string, new_text: string): { old_text: string; new_text: string } {
  const lines = `${old_text}\n${new_text}`.split('\n').filter((line) => line.trim() !== '')
  const indents = lines.map((line) => /^[ \t]*/.exec(line)?.[0] ?? '')
  const [first = ''] = indents.toSorted((a, b) => a.length - b.length)
  const common = indents.every((indent) => indent.startsWith(first)) ? first : ''
  const cut = (text: string) =>
    text
      .split('\n')
      .map((line) => (line.startsWith(common) ? line.slice(common.length) : line.trimStart()))
      .join('\n')
  return { old_text: cut(old_text), new_text: cut(new_text) }
}

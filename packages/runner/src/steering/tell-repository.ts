import type { InstructionSource } from '@errand/contract'

import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'
import { findInstructions, type Instruction } from './instructions.ts'
import type { PutAside } from './put-aside.ts'
import { findSkills, type Skill } from './skills.ts'
import { listTree } from '../mirror/tree.ts'

/** Characters of one file, and of all: a prompt is read anew with every call of the model. */
const longestFile = 20_000
const mostCharacters = 60_000
const mostReplaced = 30

/**
 * What the repository tells an agent that does not read it by itself, for its first prompt. Undefined where
 * there is nothing.
 */
export async function tellRepository(
  run: Run,
  {
    mirror,
    steeringCommit,
    putAside,
  }: { mirror: Mirror; steeringCommit: string; putAside: readonly PutAside[] },
  reads: readonly InstructionSource[],
): Promise<string | undefined> {
  const tree = await listTree(run, mirror, steeringCommit)
  const { told, nested } = await findInstructions(run, mirror, tree, reads)
  const skills = await findSkills(run, mirror, tree, reads)
  return writeTold({ told, nested, skills, replaced: trustedNames(putAside) })
}

export function writeTold({
  told,
  nested,
  skills,
  replaced,
}: {
  told: readonly Instruction[]
  nested: readonly string[]
  skills: readonly Skill[]
  /** Files that are another on the branch. */
  replaced: readonly string[]
}): string | undefined {
  const parts = [
    ...tellInstructions(told),
    ...(nested.length === 0
      ? []
      : [
          `More holds below some folders. Before you change a file there, read the nearest of these: ${nested.join(', ')}.`,
        ]),
    ...(skills.length === 0
      ? []
      : [
          `How some things are done here is written down. When one of these is what you are about to do, read its file first:\n${skills.map(({ name, description, path }) => `- ${name}: ${description} (${path})`).join('\n')}`,
        ]),
  ]
  const intro = parts.length === 0 ? [] : ['This is how work is done in this repository.']
  const all = [...intro, ...parts, ...tellReplaced(replaced)]
  return all.length === 0 ? undefined : all.join('\n\n')
}

/** Whoever changes such a file would else take back, without knowing, what the branch has changed in it. */
function tellReplaced(paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  const shown = paths.slice(0, mostReplaced).join(', ')
  return [
    `Your checkout has these files as the base branch has them, not as the branch does that you work on: ${shown}. Leave them, unless the request is about one: then begin with what \`git show HEAD:PATH\` shows, as material.`,
  ]
}

/** Of those that only the branch has the names are its author's, too: an agent does not hear them. */
function trustedNames(putAside: readonly PutAside[]): string[] {
  return putAside.flatMap(({ path, trusted }) => (trusted === undefined ? [] : [path]))
}

function tellInstructions(told: readonly Instruction[]): string[] {
  let room = mostCharacters
  return told.map(({ path, text, appliesTo }) => {
    const whom = appliesTo === undefined ? '' : `, for files that match ${appliesTo}`
    const shown = text.slice(0, Math.min(longestFile, room))
    room -= shown.length
    if (shown === '') return `There is ${path} as well${whom}: read it.`
    const left = text.length - shown.length
    const cut = left === 0 ? '' : `\n[${left} characters are left out: read ${path}.]`
    return `From ${path}${whom}:\n<instructions>\n${shown}${cut}\n</instructions>`
  })
}

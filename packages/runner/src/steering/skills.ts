import type { InstructionSource } from '@errand/contract'
import { parseFrontMatter } from '@errand/core'

import type { Mirror } from '../mirror/mirror.ts'
import { oneLine } from '../printable.ts'
import type { Run } from '../run/run.ts'
import { isFile, readEntries, type TreeEntry } from '../mirror/tree.ts'

/** Something a repository knows how to do, told in a file that is read when it is needed. */
export interface Skill {
  name: string
  description: string
  path: string
}

const folders = ['.github/skills', '.claude/skills', '.agents/skills'] as const
const mostSkills = 100
const longestName = 64
const longestDescription = 1024

/** The skills of a repository that this agent does not find by itself. Of one name the first. */
export async function findSkills(
  run: Run,
  mirror: Mirror,
  tree: readonly TreeEntry[],
  reads: readonly InstructionSource[],
): Promise<Skill[]> {
  const entries = folders
    .flatMap((folder) => tree.filter(({ path }) => isSkillOf(folder, path)))
    .filter(isFile)
    .slice(0, mostSkills)
  const texts = await readEntries(run, mirror, entries)
  const skills = new Map<string, Skill & { isKnown: boolean }>()
  for (const { path, oid } of entries) {
    const read = parseFrontMatter(texts.get(oid) ?? '')
    if ('problem' in read) continue
    const { name, description } = read.fields
    if (typeof name !== 'string' || typeof description !== 'string' || skills.has(name)) continue
    skills.set(name, {
      name: oneLine(name).slice(0, longestName),
      description: oneLine(description).slice(0, longestDescription),
      path,
      isKnown: reads.some((folder) => path.startsWith(`${folder}/`)),
    })
  }
  return [...skills.values()]
    .filter(({ isKnown }) => !isKnown)
    .map(({ name, description, path }) => ({ name, description, path }))
}

function isSkillOf(folder: string, path: string): boolean {
  const [name, file, ...below] = path.startsWith(`${folder}/`)
    ? path.slice(folder.length + 1).split('/')
    : []
  return name !== undefined && file === 'SKILL.md' && below.length === 0
}

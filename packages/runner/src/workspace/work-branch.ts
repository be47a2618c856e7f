import type { Lease } from '@errand/core'

/** The branch a session works on. */
export interface WorkBranch {
  /** Without refs/heads/. */
  name: string
  /** What a pull request of it is for, and what a new branch starts from. */
  base: string
  /** Whether the task named it: then it exists, and no pull request is ever opened for it. */
  isGiven: boolean
}

/** Longest slug, so that names stay readable. */
const slugLength = 40

/**
 * `errand/add-a-greeting-1a2b3c4d`: from the task's name and id alone, so that whoever runs the task
 * again comes to the same name. All sessions of a task keep to its branch.
 */
export function workBranchOf(lease: Pick<Lease, 'task' | 'session'>, prefix: string): WorkBranch {
  const { task, session } = lease
  const suffix = `-${task.id.slice(0, 8)}`
  const known = task.head_ref ?? session.head_ref
  const name = known ?? `${prefix}${slugOf(task.name)}${suffix}`
  // Nobody can have named a branch after an id that was still to be made.
  return { name, base: session.base_ref, isGiven: !name.endsWith(suffix) }
}

/** Letters and digits of the text, with dashes between; `task` where there are none. */
export function slugOf(text: string): string {
  const words = text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[a-z0-9]+/g)
  let slug = ''
  for (const word of words ?? []) {
    const longer = slug === '' ? word : `${slug}-${word}`
    if (longer.length > slugLength) break
    slug = longer
  }
  return slug || words?.[0]?.slice(0, slugLength) || 'task'
}

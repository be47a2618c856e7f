import { mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ErrandError, invalidField } from '@errand/contract'
import { git } from '../git/git.ts'
import { isRefName } from '../git/refs.ts'
import { findRepository } from '../identity/access.ts'
import type { Account, Records, Repository } from '../records/records.ts'

export interface NewRepository {
  owner: Account
  name: string
  description?: string | null
  private?: boolean
  /** Default `main`. */
  default_branch?: string
}

/**
 * Creates an empty repository.
 *
 * @throws ErrandError validation_failed when the name is taken or not allowed.
 */
export async function createRepository(
  records: Records,
  input: NewRepository,
): Promise<Repository> {
  return await addRepository(records, input, async (gitDir, branch) => {
    await initRepository(gitDir, branch)
    return branch
  })
}

/**
 * As `createRepository`, with `fill` to make the git repository and say its default branch. The record
 * comes last: what a crash leaves is a folder nobody knows, which the next start removes.
 */
export async function addRepository(
  records: Records,
  input: NewRepository,
  fill: (gitDir: string, branch: string) => Promise<string>,
): Promise<Repository> {
  const { owner, name, default_branch: branch = 'main' } = input
  requireName(records, owner, name)
  requireBranchName(branch)
  const id = await records.nextId()
  const gitDir = records.gitFolder(id)
  await mkdir(dirname(gitDir), { recursive: true, mode: 0o700 })
  try {
    const filled = await fill(gitDir, branch)
    await records.addFolders(id)
    return await records.whileNaming(async () => {
      // Filling may have taken long, and others had the same idea.
      requireName(records, owner, name)
      return await records.repositories.put(String(id), newRecord(id, input, filled))
    })
  } catch (error) {
    await records.removeFolders(id)
    throw error
  }
}

function newRecord(id: number, input: NewRepository, branch: string): Repository {
  const time = new Date().toISOString()
  return {
    id,
    owner_id: input.owner.id,
    name: input.name,
    description: input.description ?? null,
    private: input.private ?? false,
    default_branch: branch,
    archived: false,
    former_names: [],
    collaborators: {},
    next_number: 1,
    created_at: time,
    updated_at: time,
    pushed_at: time,
  }
}

export async function initRepository(gitDir: string, branch: string): Promise<void> {
  const args = ['init', '--quiet', '--bare', '--template=', `--initial-branch=${branch}`]
  await git([...args, '--', gitDir])
}

/** @throws ErrandError validation_failed */
export function requireBranchName(branch: string): void {
  if (isRefName(branch) && isRefName(`refs/heads/${branch}`)) return
  throw invalidField(
    'default_branch',
    `default_branch '${branch}' is no branch's name`,
    'Repository',
  )
}

/**
 * Whether an owner may call a repository so. `self` is the repository that is being renamed.
 *
 * @throws ErrandError validation_failed
 */
export function requireName(
  records: Records,
  owner: Account,
  name: string,
  self?: Repository,
): void {
  if (!/^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/.test(name) || /\.(git|wiki)$/i.test(name)) {
    throw invalidField(
      'name',
      `name '${name}' must be 1 to 100 letters, digits, dots, dashes or underscores, without .git or .wiki at its end`,
      'Repository',
    )
  }
  const taken = findRepository(records, { owner: owner.login, repo: name })
  if (taken === undefined || taken.renamed || taken.repository.id === self?.id) return
  throw new ErrandError('validation_failed', {
    message: 'Repository creation failed.',
    errors: [
      {
        resource: 'Repository',
        field: 'name',
        code: 'custom',
        message: 'name already exists on this account',
      },
    ],
  })
}

import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { ErrandError, invalidField } from '@errand/contract'
import { git } from './git/git.ts'
import { findRepository } from './identity/access.ts'
import type { Account, Records, Repository } from './records/records.ts'

export interface NewRepository {
  owner: Account
  name: string
  description?: string | null
  private?: boolean
  default_branch?: string
}

/**
 * Creates an empty repository. Its git repository is made before its record: what a crash leaves is
 * a folder nobody knows.
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

/** As `createRepository`, with `fill` to make the git repository and say its default branch. */
export async function addRepository(
  records: Records,
  input: NewRepository,
  fill: (gitDir: string, branch: string) => Promise<string>,
): Promise<Repository> {
  requireName(records, input.owner, input.name)
  const id = await records.nextId()
  const gitDir = records.gitFolder(id)
  await mkdir(dirname(gitDir), { recursive: true, mode: 0o700 })
  try {
    const branch = await fill(gitDir, input.default_branch ?? 'main')
    requireName(records, input.owner, input.name)
    const time = new Date().toISOString()
    const repository: Repository = {
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
    await records.repositories.put(String(id), repository)
    return repository
  } catch (error) {
    await rm(dirname(gitDir), { recursive: true, force: true })
    throw error
  }
}

export async function initRepository(gitDir: string, branch: string): Promise<void> {
  await git(['init', '--quiet', '--bare', `--initial-branch=${branch}`, '--', gitDir])
  const settings = {
    'http.receivepack': 'true',
    // What is pushed is checked: no .git in a tree, no path that escapes.
    'transfer.fsckObjects': 'true',
    'receive.denyDeleteCurrent': 'refuse',
    'uploadpack.allowFilter': 'true',
    'uploadpack.allowAnySHA1InWant': 'true',
    'gc.auto': '0',
  }
  for (const [key, value] of Object.entries(settings)) await git(['config', key, value], { gitDir })
  // Nobody updates anything but branches and tags.
  for (const refs of ['refs/', '!refs/heads/', '!refs/tags/']) {
    await git(['config', '--add', 'receive.hideRefs', refs], { gitDir })
  }
}

/** @throws ErrandError validation_failed */
export function requireName(records: Records, owner: Account, name: string): void {
  if (!/^(?![.-])[A-Za-z0-9._-]{1,100}$/.test(name) || name.toLowerCase().endsWith('.git')) {
    throw invalidField(
      'name',
      `name '${name}' must be 1 to 100 letters, digits, dots, dashes or underscores`,
      'Repository',
    )
  }
  const taken = findRepository(records, { owner: owner.login, repo: name })
  if (taken !== undefined && !taken.renamed) {
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
}

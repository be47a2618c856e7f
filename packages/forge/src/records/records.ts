import type { RepositoryPermission, TokenKind } from '@errand/contract'
import { mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { type Collection, openCollection } from './collection.ts'

export interface Account {
  id: number
  login: string
  type: 'User' | 'Organization' | 'Bot'
  site_admin: boolean
  created_at: string
  /** Of an organization: who belongs to it, by id. Admins own its repositories. */
  members: Record<string, 'member' | 'admin'>
}

export interface Token {
  /** SHA-256 of the token: the token itself is stored nowhere. */
  hash: string
  user_id: number
  kind: TokenKind
  scopes: string[]
  permissions: Record<string, 'read' | 'write'>
  /** Absent: every repository its user may see. */
  repository_ids?: number[]
  created_at: string
  expires_at?: string
}

export interface Repository {
  id: number
  owner_id: number
  name: string
  description: string | null
  private: boolean
  default_branch: string
  archived: boolean
  /** `owner/name` in lower case, as it once was: asked for by it, the answer is a redirect. */
  former_names: string[]
  /** Beside the owner: who may do what, by user id. */
  collaborators: Record<string, RepositoryPermission>
  /** The number the next pull request gets. */
  next_number: number
  created_at: string
  updated_at: string
  pushed_at: string
}

export interface Pull {
  /** The same as the number here; GitHub has them apart. */
  number: number
  title: string
  body: string | null
  user_id: number
  head: string
  base: string
  draft: boolean
  state: 'open' | 'closed'
  requested_reviewers: number[]
  labels: string[]
  created_at: string
  updated_at: string
  closed_at: string | null
  merged_at: string | null
  merged_by: number | null
  merge_commit_sha: string | null
  /** Where both branches stood when it was closed or merged: they may be gone since. */
  closed_head_sha: string | null
  closed_base_sha: string | null
}

export interface Comment {
  id: number
  issue_number: number
  user_id: number
  body: string
  created_at: string
  updated_at: string
}

/** What belongs to one repository beside its git objects. */
export interface RepositoryRecords {
  pulls: Collection<Pull>
  comments: Collection<Comment>
}

export interface Records {
  folder: string
  accounts: Collection<Account>
  tokens: Collection<Token>
  repositories: Collection<Repository>
  /** Ids are never used twice, also not after a crash. */
  nextId(): Promise<number>
  of(repository: Repository): Promise<RepositoryRecords>
  /** Where a repository's bare git repository lies. */
  gitFolder(id: number): string
}

/**
 * Opens the forge's records: files beside the bare repositories, to be read with `cat`. The data
 * folder is locked by the store already, or by `openForge` where the store is elsewhere.
 */
export async function openRecords(folder: string): Promise<Records> {
  await mkdir(join(folder, 'repositories'), { recursive: true, mode: 0o700 })
  const accounts = await openCollection<Account>(join(folder, 'accounts'))
  const tokens = await openCollection<Token>(join(folder, 'tokens'))
  const repositories = await openCollection<Repository>(join(folder, 'records'))
  const counter = await openCollection<{ next: number }>(join(folder, 'counter'))
  const opened = new Map<number, Promise<RepositoryRecords>>()
  const folders = await readdir(join(folder, 'repositories'))
  let lastId = Math.max(
    counter.get('id')?.next ?? 1,
    1,
    ...folders.map(Number).filter(Number.isInteger),
  )

  async function openRepository(id: number): Promise<RepositoryRecords> {
    const own = join(folder, 'repositories', String(id))
    return {
      pulls: await openCollection<Pull>(join(own, 'pulls')),
      comments: await openCollection<Comment>(join(own, 'comments')),
    }
  }

  return {
    folder,
    accounts,
    tokens,
    repositories,
    async nextId() {
      lastId++
      const id = lastId
      await counter.put('id', { next: id })
      return id
    },
    async of({ id }) {
      const known = opened.get(id) ?? openRepository(id)
      opened.set(id, known)
      return await known
    },
    gitFolder: (id) => join(folder, 'repositories', String(id), 'repository.git'),
  }
}

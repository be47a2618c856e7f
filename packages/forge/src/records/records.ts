import { ErrandError, type RepositoryPermission, type TokenKind } from '@errand/contract'
import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createTurns } from '../turns.ts'
import { type Collection, createIndex, openCollection } from './collection.ts'

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
  id: number
  /** What its user knows it by. */
  name: string
  /** SHA-256 of the token: the token itself is stored nowhere. */
  hash: string
  user_id: number
  kind: TokenKind
  scopes: string[]
  permissions: Record<string, 'read' | 'write'>
  /** Absent: every repository its user may see. */
  repository_ids?: number[]
  created_at: string
  /** To the hour. Absent: never used. */
  last_used_at?: string
  expires_at?: string
}

/** A device that asks for a token. Both of its codes are stored only as hashes. */
export interface DeviceCode {
  hash: string
  user_code_hash: string
  client_id: string
  scopes: string[]
  /** Where it was asked from. */
  address: string
  created_at: string
  expires_at: string
  /** Absent: nobody has decided yet. */
  decision?: { is_allowed: false } | { is_allowed: true; grant: DeviceGrant }
}

/** What the person who allowed it could hand on. */
export interface DeviceGrant {
  user_id: number
  scopes: string[]
  repository_ids?: number[]
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
  /** Who pushed last, and how many pushes there were. Absent: none by a known account. */
  pushed_by?: number
  pushes?: number
  /** Lower case, without doubles. Absent: none. */
  topics?: string[]
  /** What the default branch is mostly written in, as of a commit. Absent: nobody has asked yet. */
  language?: { commit: string; name: string | null }
}

/** What of a repository was told to whoever listens. */
export interface Seen {
  /** Grows with each time something was told. */
  sequence: number
  /** Commits and tags by the full names of refs. */
  refs: Record<string, string>
  pulls: Record<string, SeenPull>
  last_comment_id: number
}

export type SeenPull = Pick<
  Pull,
  'state' | 'title' | 'body' | 'base' | 'draft' | 'head_sha' | 'labels' | 'requested_reviewers'
>

export interface Pull {
  /** Its id is the same number here; GitHub has them apart. */
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
  /** Where both branches were last seen. Frozen when it is closed: they may be gone since. */
  head_sha: string
  base_sha: string
  merged_at: string | null
  merged_by: number | null
  merge_commit_sha: string | null
  /**
   * A merge that has begun: the commit the base is about to be moved to. A crash between that move
   * and the record's next state is told from it.
   */
  merging: { sha: string; by: number } | null
  /** Who changed each of its fields last. Absent: whoever opened it. */
  changed_by?: Partial<Record<string, number>>
}

export interface Comment {
  id: number
  issue_number: number
  user_id: number
  body: string
  /** Absent: there are none. */
  reactions?: CommentReaction[]
  created_at: string
  updated_at: string
}

export interface CommentReaction {
  id: number
  user_id: number
  content: string
  created_at: string
}

/** What another program says of a commit. Never changed: the last of its context counts. */
export interface Status {
  id: number
  sha: string
  state: 'error' | 'failure' | 'pending' | 'success'
  context: string
  description: string | null
  target_url: string | null
  creator_id: number
  created_at: string
  updated_at: string
}

/** What belongs to one repository beside its git objects. */
export interface RepositoryRecords {
  pulls: Collection<Pull>
  comments: Collection<Comment>
  statuses: Collection<Status>
}

export interface Records {
  accounts: Collection<Account>
  tokens: Collection<Token>
  deviceCodes: Collection<DeviceCode>
  repositories: Collection<Repository>
  /** What was told of repositories, by their ids. */
  seen: Collection<Seen>
  /** In any case. */
  accountByLogin(login: string): Account | undefined
  /** By `owner/name` in lower case: the present names, and apart from them the former ones. */
  repositoryNames(): { present: Map<string, Repository>; former: Map<string, Repository> }
  /** Ids are never used twice, also not after a crash. */
  nextId(): Promise<number>
  /** For what gives out names: one piece of work after the other, so that no name is given twice. */
  whileNaming<T>(work: () => Promise<T>): Promise<T>
  of(repository: { id: number }): RepositoryRecords
  /** Makes the folders of a repository that is about to be put. */
  addFolders(id: number): Promise<void>
  removeFolders(id: number): Promise<void>
  /** Where a repository's bare git repository lies. */
  gitFolder: (id: number) => string
}

/** Opens the forge's records: files beside the bare repositories, to be read with `cat`. */
export async function openRecords(folder: string): Promise<Records> {
  const root = join(folder, 'repositories')
  await mkdir(root, { recursive: true, mode: 0o700 })
  const accounts = await openCollection<Account>(join(folder, 'accounts'))
  const tokens = await openCollection<Token>(join(folder, 'tokens'))
  const deviceCodes = await openCollection<DeviceCode>(join(folder, 'device-codes'))
  const repositories = await openCollection<Repository>(join(folder, 'records'))
  const seen = await openCollection<Seen>(join(folder, 'seen'))
  const counter = await openCollection<{ next: number }>(join(folder, 'counter'))
  const parts = new Map<number, RepositoryRecords>()
  const turns = createTurns()
  let lastId = Math.max(counter.get('id')?.next ?? 1, 1)

  async function addFolders(id: number): Promise<void> {
    const own = join(root, String(id))
    parts.set(id, {
      pulls: await openCollection<Pull>(join(own, 'pulls')),
      comments: await openCollection<Comment>(join(own, 'comments')),
      statuses: await openCollection<Status>(join(own, 'statuses')),
    })
  }

  async function removeFolders(id: number): Promise<void> {
    parts.delete(id)
    await rm(join(root, String(id)), { recursive: true, force: true })
  }

  // A folder without a record is what a crash left of an import or a removal.
  for (const name of await readdir(root)) {
    if (repositories.get(name) === undefined) await rm(join(root, name), { recursive: true })
    else await addFolders(Number(name))
  }

  const logins = createIndex(
    accounts,
    (all) => new Map(all.map((item) => [item.login.toLowerCase(), item])),
  )
  return {
    accounts,
    tokens,
    deviceCodes,
    repositories,
    seen,
    accountByLogin: (login) => logins().get(login.toLowerCase()),
    repositoryNames: indexNames(accounts, repositories),
    async nextId() {
      lastId += 1
      const id = lastId
      await counter.put('id', { next: id })
      return id
    },
    whileNaming: (work) => turns('names', work),
    of({ id }) {
      const found = parts.get(id)
      // Deleted, while a request on it was under way.
      if (found === undefined) throw new ErrandError('not_found')
      return found
    },
    addFolders,
    removeFolders,
    gitFolder: (id) => join(root, String(id), 'repository.git'),
  }
}

function indexNames(
  accounts: Collection<Account>,
  repositories: Collection<Repository>,
): Records['repositoryNames'] {
  const nameOf = (item: Repository) =>
    `${accounts.get(String(item.owner_id))?.login ?? ''}/${item.name}`.toLowerCase()
  const present = createIndex(
    repositories,
    (all) => new Map(all.map((item) => [nameOf(item), item])),
  )
  const former = createIndex(
    repositories,
    (all) => new Map(all.flatMap((item) => item.former_names.map((name) => [name, item]))),
  )
  return () => ({ present: present(), former: former() })
}

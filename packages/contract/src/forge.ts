import type { ForgeComments } from './forge-comments.ts'
import type { ForgeSubjects } from './forge-subjects.ts'

/**
 * What the server asks of a forge about a caller. The embedded forge answers it in process; a
 * GitHub host answers it through its REST API. Names of owners and repositories are
 * case-insensitive throughout (behaviour.md 1.2).
 */
export interface Forge extends ForgeComments, ForgeSubjects {
  /** Who a token belongs to; undefined when it is unknown, expired or revoked. */
  authenticate(token: string): Promise<Caller | undefined>
  /**
   * A caller for work that is done later in a user's name, without a token of theirs: it may what the user
   * may at that time. Undefined when the account is gone. With a `repository`, `owner/name`, it is asked and done
   * with what the server itself has for it.
   *
   * @throws ErrandError forbidden where the forge has no way to do so.
   */
  actFor(user: { id: number; repository?: string }): Promise<Caller | undefined>
  /**
   * A repository as the caller may see it; undefined when it does not exist or may not be seen,
   * which are the same to a caller (404). `full_name` is the current name, also when an old one
   * was asked for: `renamed` says so.
   */
  repository(caller: Caller, name: RepositoryName): Promise<RepositoryAccess | undefined>
  repositoryById(
    caller: Caller,
    id: number,
    /** `asksAnew`: nothing is believed that was said before, be it a second ago. */
    options?: { asksAnew?: boolean },
  ): Promise<RepositoryAccess | undefined>
  /**
   * Whether the caller's token itself may push, where it is a forge elsewhere that decides: asked before work
   * is begun in a repository the caller may write to. Absent where permissions are known.
   *
   * @throws ErrandError 403, with the header that names what is needed
   */
  requirePush?(caller: Caller, repository: RepositoryAccess): Promise<void>
  /** An organization, and what the caller is in it; undefined where none of that name is to be seen. */
  organization(caller: Caller, login: string): Promise<OrganizationAccess | undefined>
  branchExists(caller: Caller, repository: RepositoryAccess, branch: string): Promise<boolean>
  /** The commit a branch stands at; undefined when there is no such branch. */
  branchHead(
    caller: Caller,
    repository: RepositoryAccess,
    branch: string,
  ): Promise<string | undefined>
  /** A file's text at a branch; undefined when there is none. */
  readFile(
    caller: Caller,
    repository: RepositoryAccess,
    branch: string,
    path: string,
  ): Promise<string | undefined>
  /** Opens a pull request in the forge's own name for the caller; used by `POST .../pulls`. */
  openPull(
    caller: Caller,
    repository: RepositoryAccess,
    pull: { title: string; body: string; head: string; base: string; draft: boolean },
  ): Promise<ForgePull>
  /** The open pull requests onto a branch that come from branches of the repository itself. */
  openPulls(caller: Caller, repository: RepositoryAccess, base: string): Promise<ForgePull[]>
  /** A pull request as it is now; undefined when there is none of this number. */
  pull(caller: Caller, repository: RepositoryAccess, number: number): Promise<ForgePull | undefined>
  /**
   * Changes a pull request: what is not given stays, labels and reviewers are added to those there are.
   *
   * @throws ErrandError where the forge refuses it, such as a reviewer who may not see it
   */
  changePull(
    caller: Caller,
    repository: RepositoryAccess,
    number: number,
    change: PullChange,
  ): Promise<void>
  /**
   * Asks a forge elsewhere in the caller's own words, with their token, and gives its answer as it came: also a
   * refusal, and a redirect. Absent where the forge is in this process and has its own routes.
   *
   * @throws ErrandError secondary_rate_limited while the forge limits the token; bad_upstream
   */
  passOn?(caller: Caller, request: PassedRequest): Promise<Response>
  /** Has somebody told of what happens in repositories: a forge in this process. */
  listen?(listener: ForgeListener): void
  /** The unified diff between two branches, at most `limitBytes` long. */
  diff(
    caller: Caller,
    repository: RepositoryAccess,
    base: string,
    head: string,
    limitBytes: number,
  ): Promise<string>
}

/** A request of the forge's own API, of nothing but what is meant for it. */
export interface PassedRequest {
  method: string
  /** Below the API's address, with its query. */
  path: string
  headers: Record<string, string>
  /** JSON. */
  body?: string
}

export interface OrganizationAccess {
  id: number
  login: string
  role: 'admin' | 'member'
}

export interface RepositoryName {
  owner: string
  repo: string
}

/** Token kinds by prefix, as GitHub has them (behaviour.md 2.1). */
export type TokenKind = 'classic' | 'fine_grained' | 'oauth' | 'user_to_server' | 'installation'

export interface Caller {
  user: { id: number; login: string; type: 'User' | 'Organization' | 'Bot' }
  token: {
    kind: TokenKind
    /** Stands for the token in rate limits and caches; never the token itself. */
    hash: string
    /** Classic and OAuth tokens: `repo`, `read:org`, ... */
    scopes: string[]
    /** Fine-grained, user-to-server and installation tokens: permission name to level. */
    permissions: Record<string, 'read' | 'write'>
    /** ISO time; absent when the token does not expire. */
    expires_at?: string
  }
  /** The token itself, for a forge that must be asked on the caller's behalf. Never stored. */
  secret: string
  /** May see and do everything on the embedded forge: the first owner. */
  isSiteAdmin: boolean
  /** The secret is not the user's own: what the user may do must be asked for by their name. */
  isOnBehalf?: true
  /** The only repository they may see, by id: who logged in as a workflow of it. */
  onlyRepositoryId?: number
}

export type RepositoryPermission = 'read' | 'triage' | 'write' | 'maintain' | 'admin'

export interface RepositoryAccess {
  id: number
  owner: { id: number; login: string; type: 'User' | 'Organization' }
  name: string
  full_name: string
  /** Its page, where that is not this server's. */
  html_url?: string
  private: boolean
  default_branch: string
  archived: boolean
  permission: RepositoryPermission
  /** True when it was asked for by a former name: the answer is a 301 to the current one. */
  renamed: boolean
}

/** One thing to be changed at a time: some forges take no more in one request. */
export type PullChange =
  | { title: string }
  | { labels: readonly string[] }
  /** By login. */
  | { reviewers: readonly string[] }
  /** By slug. */
  | { team_reviewers: readonly string[] }

export interface ForgePull {
  id: number
  number: number
  html_url: string
  state: 'open' | 'closed'
  title: string
  body: string
  draft: boolean
  merged: boolean
  head: string
  base: string
  /** Who opened it. */
  author: string
}

const writers = new Set<RepositoryPermission>(['write', 'maintain', 'admin'])

/** Only users with write access start or steer tasks (behaviour.md 4). */
export function canWrite(repository: RepositoryAccess): boolean {
  return writers.has(repository.permission)
}

/** Something that happened on a forge, as GitHub's webhooks tell it. */
export interface ForgeEvent {
  /** A UUID: told again it is the same event. */
  id: string
  event: 'push' | 'pull_request' | 'issue_comment'
  action?: string
  repository_id: number
  owner_id: number
  payload: object
}

/** Takes an event for good. @throws Error and it is told again, under the same id */
export type ForgeListener = (event: ForgeEvent) => Promise<void>

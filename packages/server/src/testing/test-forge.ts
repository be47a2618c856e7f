import { createHash, randomBytes } from 'node:crypto'
import {
  type Caller,
  type Forge,
  type ForgeComment,
  type ForgeComments,
  type ForgePull,
  type ForgeReview,
  type ForgeSubject,
  type ForgeSubjects,
  type ForgeWorkflowRun,
  invalidField,
  type RepositoryAccess,
  type RepositoryPermission,
  type TokenKind,
} from '@errand/contract'

interface TestRepository {
  id: number
  full_name: string
  former_names: string[]
  private: boolean
  archived: boolean
  members: Record<string, RepositoryPermission>
  /** Branch to path to text. */
  branches: Record<string, Record<string, string>>
  pulls: ForgePull[]
  /** Logins by the number of the pull request. */
  reviewers: Record<number, string[]>
  labels: string[]
  comments: TestComment[]
  /** Beside pull requests, which are found by their number: issues, and what of a pull request is not its own. */
  subjects: (Partial<ForgeSubject> & { number: number })[]
  paths: Record<number, string[]>
  reviews: Record<number, ForgeReview>
  workflowRuns: Record<number, ForgeWorkflowRun>
}

export interface TestComment extends ForgeComment {
  reactions: string[]
}

export interface TestForge extends Forge {
  /** Makes a user where there is none, and a token of theirs. Default: classic, with `repo`. */
  addToken(
    login: string,
    token?: {
      kind?: TokenKind
      scopes?: string[]
      permissions?: Record<string, 'read' | 'write'>
      expires_at?: string
    },
  ): string
  revokeToken(token: string): void
  /** A public repository with an empty `main`, unless it says otherwise. Its fields may be changed. */
  /** An organization of this name, which repositories of it belong to. Values are roles, by login. */
  addOrganization(login: string, members: Record<string, 'admin' | 'member'>): void
  addRepository(fullName: string, fields?: Partial<TestRepository>): TestRepository
}

/**
 * A forge of a few maps: contract's interface, as the server needs it. What it forgets when told to is
 * gone at once, so that tests can take a right away.
 */
export function createTestForge(): TestForge {
  const users = new Map<string, number>()
  const callers = new Map<string, Caller>()
  const repositories = new Map<number, TestRepository>()
  const organizations = new Map<string, Record<string, 'admin' | 'member'>>()

  function idOf(login: string): number {
    const id = users.get(login) ?? users.size + 1
    users.set(login, id)
    return id
  }

  function access(
    caller: Caller,
    repository: TestRepository | undefined,
    asked?: string,
  ): RepositoryAccess | undefined {
    if (repository === undefined) return undefined
    const open = repository.private ? undefined : ('read' as const)
    const permission = repository.members[caller.user.login] ?? open
    if (permission === undefined) return undefined
    const [login = '', name = ''] = repository.full_name.split('/')
    return {
      id: repository.id,
      owner: { id: idOf(login), login, type: 'Organization' },
      name,
      full_name: repository.full_name,
      private: repository.private,
      default_branch: 'main',
      archived: repository.archived,
      permission,
      renamed: asked !== undefined && asked !== repository.full_name.toLowerCase(),
    }
  }

  return {
    addToken(login, { kind = 'classic', scopes = ['repo'], permissions = {}, expires_at } = {}) {
      const secret = randomBytes(20).toString('hex')
      callers.set(secret, {
        user: { id: idOf(login), login, type: 'User' },
        token: {
          kind,
          hash: createHash('sha256').update(secret).digest('hex'),
          scopes: kind === 'classic' || kind === 'oauth' ? scopes : [],
          permissions,
          ...(expires_at === undefined ? {} : { expires_at }),
        },
        secret,
        isSiteAdmin: false,
      })
      return secret
    },
    revokeToken: (token) => void callers.delete(token),
    addOrganization: (login, members) => void organizations.set(login, members),
    addRepository(fullName, fields = {}) {
      const repository: TestRepository = {
        id: 1000 + repositories.size,
        full_name: fullName,
        former_names: [],
        private: false,
        archived: false,
        members: {},
        branches: { main: {} },
        pulls: [],
        reviewers: {},
        labels: [],
        comments: [],
        subjects: [],
        paths: {},
        reviews: {},
        workflowRuns: {},
        ...fields,
      }
      repositories.set(repository.id, repository)
      return repository
    },
    ...answersOf({ callers, repositories, access, organizations, idOf }),
  }
}

interface TestRecords {
  organizations: Map<string, Record<string, 'admin' | 'member'>>
  idOf: (login: string) => number
  callers: Map<string, Caller>
  repositories: Map<number, TestRepository>
  access: (
    caller: Caller,
    repository: TestRepository | undefined,
    asked?: string,
  ) => RepositoryAccess | undefined
}

/** What the server asks. */
function answersOf({ callers, repositories, access, organizations, idOf }: TestRecords): Forge {
  function recordOf({ id }: RepositoryAccess): TestRepository {
    const repository = repositories.get(id)
    if (repository === undefined) throw new Error(`there is no repository ${id}`)
    return repository
  }

  return {
    authenticate: async (token) => callers.get(token),
    organization: async ({ user }, login) => {
      const role = organizations.get(login)?.[user.login]
      return role && { id: idOf(login), login, role }
    },
    async actFor({ id }) {
      const known = [...callers.values()].find(({ user }) => user.id === id)
      const token = {
        hash: `account ${id}`,
        scopes: [],
        permissions: { agent_tasks: 'write' },
      } as const
      return (
        known && {
          user: known.user,
          token: { kind: 'user_to_server', ...token, scopes: [] },
          secret: '',
          isSiteAdmin: false,
          isOnBehalf: true,
        }
      )
    },
    async repository(caller, { owner, repo }) {
      const asked = `${owner}/${repo}`.toLowerCase()
      const found = [...repositories.values()].find((repository) =>
        [repository.full_name.toLowerCase(), ...repository.former_names].includes(asked),
      )
      return access(caller, found, asked)
    },
    repositoryById: async (caller, id) => access(caller, repositories.get(id)),
    branchExists: async (_caller, repository, branch) => branch in recordOf(repository).branches,
    branchHead: async (_caller, repository, branch) => {
      const files = recordOf(repository).branches[branch]
      return files && createHash('sha1').update(JSON.stringify(files)).digest('hex')
    },
    readFile: async (_caller, repository, branch, path) =>
      recordOf(repository).branches[branch]?.[path],
    async openPull(caller, repository, { title, body, head, base, draft }) {
      const { pulls } = recordOf(repository)
      const open = pulls.find((pull) => pull.head === head && pull.base === base)
      if (open !== undefined) return open
      const number = pulls.length + 1
      const html_url = `http://forge/${repository.full_name}/pull/${number}`
      const rest = { state: 'open', merged: false, author: caller.user.login } as const
      const pull = { id: 5000 + number, number, html_url, title, body, draft, head, base, ...rest }
      pulls.push(pull)
      return pull
    },
    openPulls: async (_caller, repository, base) =>
      recordOf(repository).pulls.filter((pull) => pull.state === 'open' && pull.base === base),
    pull: async (_caller, repository, number) =>
      recordOf(repository).pulls.find((pull) => pull.number === number),
    async changePull(_caller, repository, number, change) {
      const record = recordOf(repository)
      const pull = record.pulls.find((one) => one.number === number)
      if (pull !== undefined && 'title' in change) pull.title = change.title
      if ('labels' in change) record.labels.push(...change.labels)
      const logins = 'reviewers' in change ? change.reviewers : []
      const stranger = logins.find((login) => record.members[login] === undefined)
      if (stranger !== undefined) throw invalidField('reviewers', `${stranger} cannot review it`)
      const known = record.reviewers[number] ?? []
      record.reviewers[number] = [...new Set([...known, ...logins])]
    },
    ...commentsOf(recordOf),
    ...subjectsOf(recordOf),
    async diff(_caller, repository, base, head) {
      const { branches } = recordOf(repository)
      const files = Object.entries(branches[head] ?? {})
      const added = files.filter(([path, text]) => branches[base]?.[path] !== text)
      return added.map(([path, text]) => `diff --git a/${path} b/${path}\n+${text}\n`).join('')
    },
  }
}

function commentsOf(recordOf: (repository: RepositoryAccess) => TestRepository): ForgeComments {
  return {
    comment: async (_caller, repository, { type, id }) =>
      recordOf(repository).comments.find((one) => one.type === type && one.id === id),
    async react(_caller, repository, { type, id }, reaction) {
      const found = recordOf(repository).comments.find((one) => one.type === type && one.id === id)
      if (found?.reactions.includes(reaction) === false) found.reactions.push(reaction)
    },
    async reply(caller, repository, pull_number, { body, mark }) {
      const { comments } = recordOf(repository)
      if (comments.some(({ user, body }) => user.type === 'Bot' && body.includes(mark))) return
      comments.push({
        type: 'issue',
        id: 9000 + comments.length,
        pull_number,
        body: `${body}\n\n${mark}`,
        user: { ...caller.user, type: 'Bot' },
        created_at: new Date().toISOString(),
        reactions: [],
      })
    },
  }
}

function subjectsOf(recordOf: (repository: RepositoryAccess) => TestRepository): ForgeSubjects {
  return {
    async subject(_caller, repository, { type, number }) {
      const { subjects, pulls, full_name } = recordOf(repository)
      const pull = pulls.find((one) => one.number === number)
      const more = subjects.find((one) => one.number === number)
      if ((type === 'pull') !== (pull !== undefined)) return undefined
      if (pull === undefined && more === undefined) return undefined
      return {
        type,
        html_url: `http://forge/${full_name}/${type === 'pull' ? 'pull' : 'issues'}/${number}`,
        title: pull?.title ?? '',
        body: pull?.body ?? '',
        state: pull?.state ?? 'open',
        merged: pull?.merged ?? false,
        draft: pull?.draft ?? false,
        author: { id: 4242, login: pull?.author ?? 'ghost', type: 'User' },
        labels: [],
        assignees: [],
        ...(pull !== undefined && {
          branch: { head: pull.head, head_sha: 'abc', base: pull.base, is_from_fork: false },
        }),
        ...more,
        number,
      }
    },
    changedPaths: async (_caller, repository, number) => recordOf(repository).paths[number] ?? [],
    review: async (_caller, repository, { id }) => recordOf(repository).reviews[id],
    workflowRun: async (_caller, repository, id) => recordOf(repository).workflowRuns[id],
  }
}

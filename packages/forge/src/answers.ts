import { type Caller, ErrandError, type Forge, type ForgePull } from '@errand/contract'
import { commentAnswers } from './comments/comment-answers.ts'
import type { ForgeContext } from './context.ts'
import { mergeBase } from './git/commits.ts'
import { cutDiff } from './git/diff.ts'
import { git } from './git/git.ts'
import { resolveBranch } from './git/refs.ts'
import { readEntry } from './git/trees.ts'
import { findRepository, presentAccess } from './identity/access.ts'
import { findAccount } from './identity/accounts.ts'
import { botLogin } from './identity/first-accounts.ts'
import { authenticate } from './identity/tokens.ts'
import { changePull } from './pulls/change-pull.ts'
import { withLabels } from './pulls/labels.ts'
import { findOpenPull, openPull } from './pulls/open-pull.ts'
import { refreshPulls, requirePull } from './pulls/refresh-pulls.ts'
import { requestReviewers, requireNoTeams } from './pulls/request-reviewers.ts'
import { subjectAnswers } from './pulls/subject-answers.ts'
import type { Account, Pull, Repository } from './records/records.ts'

/** Largest file read whole, in bytes: the server asks for configuration only. */
const fileLimitBytes = 4 * 1024 * 1024

/** What the server asks of a forge, answered in process. */
export function answersOf(context: ForgeContext): Forge {
  const { records } = context
  const gitDirOf = (repository: { id: number }) => records.gitFolder(repository.id)

  function requireRecord(id: number): Repository {
    const record = records.repositories.get(String(id))
    // Deleted since the server asked for it.
    if (record === undefined) throw new ErrandError('not_found')
    return record
  }

  return {
    authenticate: async (token) => authenticate(context, token),
    async actFor({ id }) {
      const account = records.accounts.get(String(id))
      return account?.type === 'User' ? callerFor(account) : undefined
    },
    repository: async (caller, name) =>
      presentAccess(records, caller, findRepository(records, name)),
    async repositoryById(caller, id) {
      const repository = records.repositories.get(String(id))
      const found = repository === undefined ? undefined : { repository, renamed: false }
      return presentAccess(records, caller, found)
    },
    organization: async (caller, login) => {
      const account = findAccount(records, login)
      if (account?.type !== 'Organization') return undefined
      const role = caller.isSiteAdmin ? 'admin' : account.members[caller.user.id]
      return role && { id: account.id, login: account.login, role }
    },
    branchExists: async (_caller, repository, branch) =>
      (await resolveBranch(gitDirOf(repository), branch)) !== undefined,
    branchHead: async (_caller, repository, branch) =>
      await resolveBranch(gitDirOf(repository), branch),
    async readFile(_caller, repository, branch, path) {
      const gitDir = gitDirOf(repository)
      const commit = await resolveBranch(gitDir, branch)
      const entry = commit && (await readEntry(gitDir, commit, path))
      if (!entry || entry.type !== 'blob') return undefined
      const content = await git(['cat-file', 'blob', entry.sha], {
        gitDir,
        limitBytes: fileLimitBytes,
      })
      return content.toString('utf8')
    },
    async openPull(_caller, repository, pull) {
      const record = requireRecord(repository.id)
      const bot = findAccount(records, botLogin)
      if (bot === undefined) throw new Error(`the account ${botLogin} is gone`)
      const known = findOpenPull(context, record, pull.head, pull.base)
      const opened = known ?? (await openPull(context, record, bot, pull))
      return presentForgePull(context, repository.full_name, opened)
    },
    async openPulls(_caller, repository, base) {
      const pulls = await refreshPulls(context, requireRecord(repository.id))
      return pulls
        .filter((pull) => pull.state === 'open' && pull.base === base)
        .map((pull) => presentForgePull(context, repository.full_name, pull))
    },
    async pull(_caller, repository, number) {
      const record = requireRecord(repository.id)
      if (records.of(record).pulls.get(String(number)) === undefined) return undefined
      const pull = await requirePull(context, record, number)
      return presentForgePull(context, repository.full_name, pull)
    },
    async changePull(caller, repository, number, change) {
      const record = requireRecord(repository.id)
      if ('team_reviewers' in change) requireNoTeams(change.team_reviewers)
      else if ('reviewers' in change) {
        await requestReviewers(context, record, number, caller.user, change.reviewers)
      } else if ('labels' in change) {
        await changePull(context, record, number, caller.user, ({ labels }) => ({
          labels: withLabels(labels, change.labels),
        }))
      } else await changePull(context, record, number, caller.user, { title: change.title })
    },
    ...commentAnswers(context, requireRecord),
    ...subjectAnswers(context, requireRecord),
    listen: (listener) => void context.listeners.push(listener),
    async diff(_caller, repository, base, head, limitBytes) {
      const gitDir = gitDirOf(repository)
      const [from, to] = [await resolveBranch(gitDir, base), await resolveBranch(gitDir, head)]
      if (from === undefined || to === undefined) return ''
      const parted = (await mergeBase(gitDir, from, to)) ?? from
      return await cutDiff(gitDir, parted, to, limitBytes)
    },
  }
}

/** Without a token there is no secret, and nothing to narrow what the account may do. */
function callerFor({ id, login, type, site_admin }: Account): Caller {
  const token = {
    hash: `account ${id}`,
    scopes: [],
    permissions: { agent_tasks: 'write' as const },
  }
  return {
    user: { id, login, type },
    token: { kind: 'user_to_server', ...token },
    secret: '',
    isSiteAdmin: site_admin,
    isOnBehalf: true,
  }
}

function presentForgePull(context: ForgeContext, name: string, pull: Pull): ForgePull {
  const { number, state, title, draft, head, base } = pull
  return {
    id: number,
    number,
    html_url: `${context.publicUrl()}/${name}/pull/${number}`,
    state,
    title,
    body: pull.body ?? '',
    draft,
    merged: pull.merged_at !== null,
    head,
    base,
    author: context.records.accounts.get(String(pull.user_id))?.login ?? 'ghost',
  }
}

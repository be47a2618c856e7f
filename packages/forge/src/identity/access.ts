import type {
  Caller,
  RepositoryAccess,
  RepositoryName,
  RepositoryPermission,
} from '@errand/contract'
import type { Account, Records, Repository } from '../records/records.ts'

/** A repository by its present or a former name, in any case. */
export function findRepository(
  records: Records,
  name: RepositoryName,
): { repository: Repository; renamed: boolean } | undefined {
  const wanted = `${name.owner}/${name.repo}`.toLowerCase()
  const { present, former } = records.repositoryNames()
  const found = present.get(wanted)
  if (found !== undefined) return { repository: found, renamed: false }
  const moved = former.get(wanted)
  return moved === undefined ? undefined : { repository: moved, renamed: true }
}

export function fullName(records: Records, repository: Repository): string {
  return `${ownerOf(records, repository).login}/${repository.name}`
}

export function ownerOf(records: Records, repository: Repository): Account {
  const owner = records.accounts.get(String(repository.owner_id))
  if (owner === undefined) throw new Error(`repository ${repository.id} has no owner`)
  return owner
}

/**
 * What a caller may do in a repository with the token they came with; undefined when they may not see
 * it.
 */
export function permissionIn(
  records: Records,
  caller: Caller | undefined,
  repository: Repository,
): RepositoryPermission | undefined {
  const everybody = repository.private ? undefined : ('read' as const)
  if (caller === undefined || !isInReach(records, caller, repository)) return everybody
  const account = records.accounts.get(String(caller.user.id))
  return account === undefined ? everybody : roleIn(records, account, repository)
}

/** What an account may do in a repository, whatever its tokens; undefined when it may not see it. */
export function roleIn(
  records: Records,
  account: Account,
  repository: Repository,
): RepositoryPermission | undefined {
  if (account.site_admin || account.id === repository.owner_id) return 'admin'
  // The bot works for whoever started the task; what it may do is bounded by its token.
  if (account.type === 'Bot') return 'write'
  const role = ownerOf(records, repository).members[account.id]
  if (role === 'admin') return 'admin'
  const isReader = role === 'member' || !repository.private
  return repository.collaborators[account.id] ?? (isReader ? 'read' : undefined)
}

/** Whether the token is for this repository at all: by its scopes, or by those selected for it. */
function isInReach(records: Records, caller: Caller, repository: Repository): boolean {
  const { kind, scopes, hash } = caller.token
  const isScoped = kind === 'classic' || kind === 'oauth'
  if (isScoped && repository.private && !scopes.includes('repo')) return false
  const selected = records.tokens.get(hash)?.repository_ids
  return selected === undefined || selected.includes(repository.id)
}

/** A repository as a caller may see it: what contract's `Forge` answers. */
export function presentAccess(
  records: Records,
  caller: Caller,
  found: { repository: Repository; renamed: boolean } | undefined,
): RepositoryAccess | undefined {
  if (found === undefined) return undefined
  const { repository, renamed } = found
  const permission = permissionIn(records, caller, repository)
  if (permission === undefined) return undefined
  const owner = ownerOf(records, repository)
  return {
    id: repository.id,
    owner: {
      id: owner.id,
      login: owner.login,
      type: owner.type === 'Organization' ? 'Organization' : 'User',
    },
    name: repository.name,
    full_name: fullName(records, repository),
    private: repository.private,
    default_branch: repository.default_branch,
    archived: repository.archived,
    permission,
    renamed,
  }
}

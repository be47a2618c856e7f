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
  const all = records.repositories.values()
  const present = all.find((item) => fullName(records, item).toLowerCase() === wanted)
  if (present !== undefined) return { repository: present, renamed: false }
  const former = all.find((item) => item.former_names.includes(wanted))
  return former === undefined ? undefined : { repository: former, renamed: true }
}

export function fullName(records: Records, repository: Repository): string {
  return `${ownerOf(records, repository).login}/${repository.name}`
}

export function ownerOf(records: Records, repository: Repository): Account {
  const owner = records.accounts.get(String(repository.owner_id))
  if (owner === undefined) throw new Error(`repository ${repository.id} has no owner`)
  return owner
}

/** What a caller may do in a repository; undefined when they may not see it. */
export function permissionIn(
  records: Records,
  caller: Caller | undefined,
  repository: Repository,
): RepositoryPermission | undefined {
  const open = repository.private ? undefined : ('read' as const)
  if (caller === undefined) return open
  const selected = records.tokens.get(caller.token.hash)?.repository_ids
  if (selected !== undefined && !selected.includes(repository.id)) return open
  if (caller.isSiteAdmin || caller.user.id === repository.owner_id) return 'admin'
  // The bot works for whoever started the task; what it may do is bounded by its token.
  if (caller.user.type === 'Bot') return 'write'
  const role = ownerOf(records, repository).members[caller.user.id]
  if (role === 'admin') return 'admin'
  return repository.collaborators[caller.user.id] ?? (role === 'member' ? 'read' : open)
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

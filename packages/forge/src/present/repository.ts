import { type RepositoryPermission, repositoryUrls } from '@errand/contract'
import type { Urls } from '../context.ts'
import { fullName, ownerOf } from '../identity/access.ts'
import type { Records, Repository } from '../records/records.ts'
import { nodeId, presentAccount } from './account.ts'

/** A repository in GitHub's full form, which holds its short ones. */
export function presentRepository(
  records: Records,
  repository: Repository,
  urls: Urls,
  permission?: RepositoryPermission,
) {
  const name = fullName(records, repository)
  const url = `${urls.api}/repos/${name}`
  const web = `${urls.web}/${name}`
  const host = new URL(urls.web).host
  return {
    id: repository.id,
    node_id: nodeId('Repository', repository.id),
    name: repository.name,
    full_name: name,
    private: repository.private,
    visibility: repository.private ? 'private' : 'public',
    owner: presentAccount(ownerOf(records, repository), urls),
    html_url: web,
    description: repository.description,
    fork: false,
    url,
    ...repositoryUrls(url),
    clone_url: `${web}.git`,
    git_url: `git://${host}/${name}.git`,
    ssh_url: `git@${host}:${name}.git`,
    svn_url: web,
    mirror_url: null,
    homepage: null,
    language: repository.language?.name ?? null,
    license: null,
    default_branch: repository.default_branch,
    archived: repository.archived,
    disabled: false,
    has_issues: true,
    has_projects: false,
    has_wiki: false,
    has_pages: false,
    has_downloads: false,
    has_discussions: false,
    forks: 0,
    forks_count: 0,
    open_issues: 0,
    open_issues_count: 0,
    size: 0,
    stargazers_count: 0,
    watchers: 0,
    watchers_count: 0,
    network_count: 0,
    subscribers_count: 0,
    topics: repository.topics ?? [],
    pushed_at: repository.pushed_at,
    created_at: repository.created_at,
    updated_at: repository.updated_at,
    ...(permission === undefined ? {} : { permissions: presentPermissions(permission) }),
  }
}

const levels: RepositoryPermission[] = ['read', 'triage', 'write', 'maintain', 'admin']

export function presentPermissions(permission: RepositoryPermission) {
  const level = levels.indexOf(permission)
  return {
    admin: level >= 4,
    maintain: level >= 3,
    push: level >= 2,
    triage: level >= 1,
    pull: true,
  }
}

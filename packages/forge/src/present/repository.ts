import type { RepositoryPermission } from '@errand/contract'
import type { Urls } from '../context.ts'
import { fullName, ownerOf } from '../identity/access.ts'
import type { Records, Repository } from '../records/records.ts'
import { nodeId, presentAccount } from './account.ts'

/** URL templates by field: what a client puts after the repository's own URL. */
const templates = {
  archive_url: '/{archive_format}{/ref}',
  assignees_url: '/assignees{/user}',
  blobs_url: '/git/blobs{/sha}',
  branches_url: '/branches{/branch}',
  collaborators_url: '/collaborators{/collaborator}',
  comments_url: '/comments{/number}',
  commits_url: '/commits{/sha}',
  compare_url: '/compare/{base}...{head}',
  contents_url: '/contents/{+path}',
  contributors_url: '/contributors',
  deployments_url: '/deployments',
  downloads_url: '/downloads',
  events_url: '/events',
  forks_url: '/forks',
  git_commits_url: '/git/commits{/sha}',
  git_refs_url: '/git/refs{/sha}',
  git_tags_url: '/git/tags{/sha}',
  hooks_url: '/hooks',
  issue_comment_url: '/issues/comments{/number}',
  issue_events_url: '/issues/events{/number}',
  issues_url: '/issues{/number}',
  keys_url: '/keys{/key_id}',
  labels_url: '/labels{/name}',
  languages_url: '/languages',
  merges_url: '/merges',
  milestones_url: '/milestones{/number}',
  notifications_url: '/notifications{?since,all,participating}',
  pulls_url: '/pulls{/number}',
  releases_url: '/releases{/id}',
  stargazers_url: '/stargazers',
  statuses_url: '/statuses/{sha}',
  subscribers_url: '/subscribers',
  subscription_url: '/subscription',
  tags_url: '/tags',
  teams_url: '/teams',
  trees_url: '/git/trees{/sha}',
}

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
    ...Object.fromEntries(
      Object.entries(templates).map(([field, template]) => [field, `${url}${template}`]),
    ),
    clone_url: `${web}.git`,
    git_url: `git://${host}/${name}.git`,
    ssh_url: `git@${host}:${name}.git`,
    svn_url: web,
    mirror_url: null,
    homepage: null,
    language: null,
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
    topics: [],
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

import { accountUrls, type RepositoryAccess, repositoryUrls } from '@errand/contract'
import type { Urls } from './urls.ts'

/** A "minimal repository" of GitHub's API, of what the forge says of it. */
export function presentMinimalRepository(repository: RepositoryAccess, urls: Urls) {
  const { id, name, full_name, owner } = repository
  const url = `${urls.api}/repos/${full_name}`
  const ownerUrl = `${urls.api}/users/${owner.login}`
  return {
    id,
    node_id: nodeId('Repository', id),
    name,
    full_name,
    private: repository.private,
    owner: {
      login: owner.login,
      id: owner.id,
      node_id: nodeId('User', owner.id),
      avatar_url: `${urls.web}/avatars/${owner.id}`,
      gravatar_id: '',
      url: ownerUrl,
      html_url: `${urls.web}/${owner.login}`,
      ...accountUrls(ownerUrl),
      type: owner.type,
      site_admin: false,
    },
    html_url: repository.html_url ?? `${urls.web}/${full_name}`,
    description: null,
    fork: false,
    url,
    ...repositoryUrls(url),
    default_branch: repository.default_branch,
    archived: repository.archived,
  }
}

/** An opaque id in the manner of GraphQL's global ids. */
function nodeId(type: string, id: number): string {
  return Buffer.from(`${type}:${id}`).toString('base64url')
}

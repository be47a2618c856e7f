import { accountUrls } from '@errand/contract'
import type { Urls } from '../context.ts'
import type { Account } from '../records/records.ts'

/** A "simple user" of GitHub's API. */
export function presentAccount(account: Account, urls: Urls) {
  const url = `${urls.api}/users/${encodeURIComponent(account.login)}`
  return {
    login: account.login,
    id: account.id,
    node_id: nodeId('User', account.id),
    avatar_url: `${urls.web}/avatars/${account.id}`,
    gravatar_id: '',
    url,
    html_url: `${urls.web}/${encodeURIComponent(account.login)}`,
    ...accountUrls(url),
    type: account.type,
    site_admin: account.site_admin,
  }
}

/** A user as `/user` and `/users/{username}` answer it. */
export function presentPublicUser(account: Account, urls: Urls, publicRepos: number) {
  return {
    ...presentAccount(account, urls),
    name: account.login,
    company: null,
    blog: '',
    location: null,
    email: null,
    hireable: null,
    bio: null,
    public_repos: publicRepos,
    public_gists: 0,
    followers: 0,
    following: 0,
    created_at: account.created_at,
    updated_at: account.created_at,
  }
}

/** An opaque id in the manner of GraphQL's global ids. */
export function nodeId(type: string, id: number | string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url')
}

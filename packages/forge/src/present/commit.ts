import type { Urls } from '../context.ts'
import type { Commit } from '../git/commits.ts'
import type { ChangedFile } from '../git/diff.ts'
import { nodeId } from './account.ts'

/** A commit of GitHub's API. Authors are names and addresses here: no account is matched to them. */
export function presentCommit(name: string, commit: Commit, urls: Urls) {
  const url = `${urls.api}/repos/${name}/commits/${commit.sha}`
  const html = `${urls.web}/${name}/commit/${commit.sha}`
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url,
    html_url: html,
    comments_url: `${url}/comments`,
    commit: {
      url: `${urls.api}/repos/${name}/git/commits/${commit.sha}`,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${urls.api}/repos/${name}/git/trees/${commit.tree}` },
      comment_count: 0,
    },
    author: {},
    committer: {},
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${urls.api}/repos/${name}/commits/${sha}`,
      html_url: `${urls.web}/${name}/commit/${sha}`,
    })),
  }
}

/** A changed file of a commit, a comparison or a pull request. */
export function presentFile(name: string, file: ChangedFile, at: string, urls: Urls) {
  const path = file.filename.split('/').map(encodeURIComponent).join('/')
  return {
    ...file,
    changes: file.additions + file.deletions,
    blob_url: `${urls.web}/${name}/blob/${at}/${path}`,
    raw_url: `${urls.web}/${name}/raw/${at}/${path}`,
    contents_url: `${urls.api}/repos/${name}/contents/${path}?ref=${at}`,
  }
}

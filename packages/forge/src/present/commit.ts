import type { Urls } from '../context.ts'
import type { ChangedFile } from '../git/changed-files.ts'
import type { Commit } from '../git/commits.ts'
import { findByEmail } from '../identity/accounts.ts'
import type { Records } from '../records/records.ts'
import { nodeId, presentAccount } from './account.ts'
import { inPath } from './in-path.ts'

/** A commit of GitHub's API. Its author is an account only where the address is one of ours. */
export function presentCommit(records: Records, name: string, commit: Commit, urls: Urls) {
  const url = `${urls.api}/repos/${name}/commits/${commit.sha}`
  const accountOf = (email: string) => {
    const account = findByEmail(records, email)
    return account === undefined ? null : presentAccount(account, urls)
  }
  return {
    sha: commit.sha,
    node_id: nodeId('Commit', commit.sha),
    url,
    html_url: `${urls.web}/${name}/commit/${commit.sha}`,
    comments_url: `${url}/comments`,
    commit: {
      url: `${urls.api}/repos/${name}/git/commits/${commit.sha}`,
      author: commit.author,
      committer: commit.committer,
      message: commit.message,
      tree: { sha: commit.tree, url: `${urls.api}/repos/${name}/git/trees/${commit.tree}` },
      comment_count: 0,
    },
    author: accountOf(commit.author.email),
    committer: accountOf(commit.committer.email),
    parents: commit.parents.map((sha) => ({
      sha,
      url: `${urls.api}/repos/${name}/commits/${sha}`,
      html_url: `${urls.web}/${name}/commit/${sha}`,
    })),
  }
}

/** A changed file of a commit, a comparison or a pull request. */
export function presentFile(name: string, file: ChangedFile, at: string, urls: Urls) {
  const path = inPath(file.filename)
  return {
    ...file,
    changes: file.additions + file.deletions,
    blob_url: `${urls.web}/${name}/blob/${at}/${path}`,
    raw_url: `${urls.web}/${name}/raw/${at}/${path}`,
    contents_url: `${urls.api}/repos/${name}/contents/${path}?ref=${at}`,
  }
}

/** Lines of a whole change. */
export function countLines(files: ChangedFile[]): {
  additions: number
  deletions: number
  total: number
} {
  const additions = files.reduce((sum, file) => sum + file.additions, 0)
  const deletions = files.reduce((sum, file) => sum + file.deletions, 0)
  return { additions, deletions, total: additions + deletions }
}

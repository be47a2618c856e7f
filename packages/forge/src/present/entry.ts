import type { Urls } from '../context.ts'
import { type Entry, linkMode } from '../git/trees.ts'
import { inPath } from './in-path.ts'

/** Where an entry was found: in which repository, at which ref. */
export interface At {
  name: string
  ref: string
  urls: Urls
}

/** A file, folder, link or submodule of GitHub's API, with `more` that only a single one has. */
export function presentEntry(
  entry: Entry,
  { name, ref, urls }: At,
  more: { content?: string; encoding?: string; target?: string; submodule_git_url?: string } = {},
) {
  const path = inPath(entry.path)
  const at = inPath(ref)
  const api = `${urls.api}/repos/${name}`
  const url = `${api}/contents/${path}?ref=${encodeURIComponent(ref)}`
  const html = `${urls.web}/${name}/${entry.type === 'tree' ? 'tree' : 'blob'}/${at}/${path}`
  const isFile = entry.type === 'blob'
  // A submodule's commit lies in another repository: there is nothing to link to.
  const gitUrl =
    entry.type === 'commit' ? null : `${api}/git/${isFile ? 'blobs' : 'trees'}/${entry.sha}`
  return {
    name: entry.path.split('/').at(-1) ?? '',
    path: entry.path,
    sha: entry.sha,
    size: entry.size,
    type: typeOf(entry),
    url,
    html_url: html,
    git_url: gitUrl,
    download_url: isFile ? `${urls.web}/${name}/raw/${at}/${path}` : null,
    ...more,
    _links: { self: url, git: gitUrl, html },
  }
}

function typeOf(entry: Entry): 'dir' | 'submodule' | 'symlink' | 'file' {
  if (entry.type === 'tree') return 'dir'
  if (entry.type === 'commit') return 'submodule'
  return entry.mode === linkMode ? 'symlink' : 'file'
}

import { z } from 'zod'

/**
 * An entry of a firewall's allowlist (behaviour.md 3.2): a domain, which covers its subdomains, or a URL,
 * which means that scheme, that host, and that path and below.
 */
export const AllowlistEntry = z.string().max(2048).refine(isEntry, {
  message: 'must be a domain like packages.example.com, or a URL like https://example.com/path/',
})

const label = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const host = new RegExp(`^(?=.{1,253}$)(?:\\*\\.)?${label}(?:\\.${label})*$`)

function isEntry(text: string): boolean {
  if (host.test(text)) return true
  // A host with a path, as some of GitHub's own entries are.
  const isUrl = /^https?:\/\//i.test(text)
  const url = isUrl ? text : `https://${text}`
  if (!URL.canParse(url) || /[\s\\]/.test(text) || (!isUrl && text.includes(':'))) return false
  const { hostname, username, password, search, hash } = new URL(url)
  const isPlain = username === '' && password === '' && search === '' && hash === ''
  return isPlain && (host.test(hostname) || /^\[[\da-f:.]+\]$/i.test(hostname))
}

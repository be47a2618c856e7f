/** What an entry of an allowlist lets an agent reach. */
export interface Reach {
  /** Absent: any. */
  scheme?: 'http' | 'https'
  /** The labels of a name from the top: `['com', 'contoso']`. Empty: every host. */
  labels: readonly string[]
  /** An address is itself and has no subdomains. */
  isAddress: boolean
  /** Whether the host itself is meant, and whether what is below it is. */
  self: boolean
  subdomains: boolean
  /** Absent: any. */
  port?: string
  /** Absent: any path. Else it, and what is below it at a boundary of segments. */
  path?: string
}

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const maxLength = 2048

/**
 * The reach of `contoso.com` (it and every subdomain), `*.contoso.com` (its subdomains), `*` (everything),
 * `https://contoso.com/team/` (that scheme and host, that path and below) and `contoso.com/team/` (any
 * scheme), as in behaviour.md 3.2. Nothing for any other form: what it reaches is not known then.
 *
 * URLs are read by the same parser as requests are, so that upper case, IDN, `..`, `%2e` and the many
 * ways to write an address cannot make two different things look alike, or one look like two.
 */
export function parseReach(text: string): Reach | undefined {
  if (text === '*') return { labels: [], isAddress: false, self: true, subdomains: true }
  if (text.length > maxLength || /[\s\\\p{Cc}]/u.test(text)) return undefined
  const [, scheme, rest = ''] = /^(https?):\/\/(.*)$/i.exec(text) ?? [undefined, undefined, text]
  // `ftp://host`, `https:///host`: no form that is documented.
  if (/^[^/]*:?\/\//.test(rest)) return undefined
  const isWildcard = rest.startsWith('*.')
  const url = parseUrl(`${scheme ?? 'https'}://${isWildcard ? rest.slice(2) : rest}`)
  if (url === undefined) return undefined
  const host = url.hostname.replace(/\.$/, '')
  const isAddress = host.startsWith('[') || /^\d+(\.\d+){3}$/.test(host)
  const labels = isAddress ? [host] : host.split('.').toReversed()
  if (!isAddress && !labels.every((part) => label.test(part))) return undefined
  if (isAddress && isWildcard) return undefined
  const authority = rest.split(/[/?#]/, 1)[0] ?? ''
  const hasPath = authority.length < rest.length
  const isPlain = scheme === undefined && !hasPath
  const port = portOf(url, authority, scheme !== undefined)
  return {
    ...(scheme === undefined ? {} : { scheme: url.protocol === 'http:' ? 'http' : 'https' }),
    labels,
    isAddress,
    self: !isWildcard,
    subdomains: !isAddress && (isWildcard || isPlain),
    ...(port === undefined ? {} : { port }),
    // The path of a bare `https://contoso.com` is all of it.
    ...(hasPath && url.pathname !== '/' ? { path: url.pathname } : {}),
  }
}

function parseUrl(text: string): URL | undefined {
  const url = URL.parse(text)
  if (url === null || url.hostname === '') return undefined
  const hasMore = url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== ''
  // A server may take an encoded separator for one, or not.
  return hasMore || /%2f|%5c/i.test(url.pathname) ? undefined : url
}

/** A URL is of one port, also where it is not written; a host alone is of all. */
function portOf(url: URL, authority: string, hasScheme: boolean): string | undefined {
  if (url.port !== '') return url.port
  if (hasScheme) return url.protocol === 'http:' ? '80' : '443'
  return /:\d+$/.test(authority) ? '443' : undefined
}

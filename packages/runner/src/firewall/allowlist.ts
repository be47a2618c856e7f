import { covers, parseReach, type Reach } from '@errand/policy'

/** How far a host may be reached. */
export type HostVerdict =
  | { type: 'open'; rule: string }
  /** Only by some paths, which are known once the request can be read. */
  | { type: 'by_path' }
  | { type: 'closed' }

/** What is asked for: a host by name or address, before any path is known. */
export interface Destination {
  scheme: 'http' | 'https'
  host: string
  port: number
}

export interface Allowlist {
  /** Whether there are entries for which TLS has to be read: URLs with a path. */
  readonly readsTls: boolean
  judgeHost(destination: Destination): HostVerdict
  /** The entry that lets a request pass; undefined where none does. @param path as `URL` writes it */
  ruleFor(destination: Destination, path: string): string | undefined
}

interface Entry {
  text: string
  host: Reach
  /** Absent: any. */
  path?: string
}

/**
 * Compiles entries as behaviour.md 3.2 means them: a domain covers its subdomains and no lookalike, a URL
 * its scheme, its host, and its path and below. An entry of no known form lets nothing pass.
 */
export function compileAllowlist(entries: Iterable<string>): Allowlist {
  const known = [...new Set(entries)].flatMap((text): Entry[] => {
    const reach = parseReach(text)
    if (reach === undefined) return []
    const { path, ...host } = reach
    return [{ text, host, ...(path === undefined ? {} : { path }) }]
  })

  function entriesFor(destination: Destination): Entry[] {
    const asked = reachOf(destination)
    if (asked === undefined) return []
    return known.filter(({ host }) => covers(host, asked))
  }

  return {
    readsTls: known.some(({ host, path }) => path !== undefined && host.scheme !== 'http'),
    judgeHost(destination) {
      const found = entriesFor(destination)
      const whole = found.find(({ path }) => path === undefined)
      if (whole !== undefined) return { type: 'open', rule: whole.text }
      return { type: found.length > 0 ? 'by_path' : 'closed' }
    },
    ruleFor(destination, path) {
      const isPlain = isPlainPath(path)
      return entriesFor(destination).find(
        (entry) => entry.path === undefined || (isPlain && isBelow(entry.path, path)),
      )?.text
    },
  }
}

function reachOf({ scheme, host, port }: Destination): Reach | undefined {
  const reach = parseReach(`${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}/`)
  // A port that is the scheme's own is not kept by URL: it is this one all the same.
  return reach && { ...reach, subdomains: false, port: String(port) }
}

function isBelow(allowed: string, path: string): boolean {
  const folder = allowed.endsWith('/') ? allowed : `${allowed}/`
  return path === allowed || path.startsWith(folder)
}

/**
 * Whether a server can only understand the path as we do. Left over by `URL`, which has resolved `..` and
 * `%2e%2e`: separators that are encoded once or twice, and `..;`, which some servers read as `..`.
 */
function isPlainPath(path: string): boolean {
  return !/%(?:25)*(?:2f|5c|2e|00)|\\|(?:^|\/)\.{1,2};|[\p{Cc}]/iu.test(path)
}

/** Where a package manager fetches packages, as its own configuration on this machine says. */
export interface Registry {
  /** Hosts to let pass, with their ports where they are not the scheme's own. */
  urls: readonly string[]
  /** What tells the same package manager inside a box to go there. */
  env: Readonly<Record<string, string>>
}

/** One package manager of this machine. */
export interface PackageManager {
  /** Its program. */
  command: string
  /** @param run runs a command and gives what it printed, or undefined where it failed or is not there */
  findRegistry(run: RunCommand): Promise<Registry | undefined>
}

export type RunCommand = (
  command: string,
  args: readonly string[],
  options?: {
    cwd?: string
    /** Gives what it said on standard error instead, also where it failed. */
    wantsErrors?: boolean
  },
) => Promise<string | undefined>

/** The URL without who asks: no credential goes into a box. Undefined where it is no URL of the web. */
export function withoutCredentials(text: string): string | undefined {
  const url = URL.parse(text.trim())
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  url.username = ''
  url.password = ''
  return url.href
}

export function webUrls(texts: readonly string[]): string[] {
  return texts.map(withoutCredentials).filter((url) => url !== undefined)
}

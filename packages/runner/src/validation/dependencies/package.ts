/** The ecosystems of lock files that are read, by the names OSV has for them. */
export type Ecosystem = 'npm' | 'PyPI' | 'crates.io' | 'Go' | 'RubyGems' | 'Packagist'

/** One version of a package, as a lock file names it. */
export interface Package {
  ecosystem: Ecosystem
  name: string
  version: string
}

import type { Repository } from '../../repository/repository.ts'

/** A place in a file that holds a version: the project's own, or another's that goes along with it. */
export interface VersionPlace {
  path: string
  /** Where it stands in the file's text, without quotes. */
  start: number
  end: number
  /** As it is written. */
  version: string
  /** The project whose version it is; `''` for the repository as a whole. */
  project: string
  /**
   * `own`: says what version the project has. `reference`: must follow it, like a lock file's copy or
   * a range of a sibling; then `version` is the exact text, and `write` makes the new one.
   */
  type: 'own' | 'reference'
  /** What to write for a new version, where it is more than the version itself, like `^1.2.0`. */
  write?: (next: string) => string
}

/** What an ecosystem's files say of versions. The repository's own version comes first. */
export type FindPlaces = (repository: Repository) => Promise<VersionPlace[]>

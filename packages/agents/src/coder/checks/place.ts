/** A command by which a repository tests or checks itself. */
export interface FoundCheck {
  command: string
  /** The file that says so, relative to the workspace. */
  from: string
  kind: 'tests' | 'check'
}

/** A folder that is looked at. */
export interface Place {
  names: ReadonlySet<string>
  /** The text of a file of it; empty where there is none that could be read. */
  read: (name: string) => Promise<string>
  /** The names in a folder below it; none where there is no such folder. */
  list: (name: string) => Promise<string[]>
}

/** Looks at a folder: what it gives is to be run in it, and names files of it. */
export type Finder = (place: Place) => Promise<FoundCheck[]>

import type { Caller, RepositoryAccess } from './forge.ts'

/** A comment on a pull request, of its conversation (`issue`) or of a line of its diff (`review`). */
export interface CommentName {
  type: 'issue' | 'review'
  /** Each type has ids of its own. */
  id: number
}

export interface ForgeComment extends CommentName {
  pull_number: number
  /** Markdown, as it was written. */
  body: string
  user: Caller['user']
  /** ISO time. */
  created_at: string
}

/** What the server says to a comment without words; the names are GitHub's. */
export type Reaction = 'eyes' | 'rocket' | 'confused'

/** Comments of pull requests, as the server reads and answers them. */
export interface ForgeComments {
  /** A comment as it is now; undefined when there is none. */
  comment(
    caller: Caller,
    repository: RepositoryAccess,
    name: CommentName,
  ): Promise<ForgeComment | undefined>
  /** Adds a reaction; the same one again changes nothing. */
  react(
    caller: Caller,
    repository: RepositoryAccess,
    name: CommentName,
    reaction: Reaction,
  ): Promise<void>
  /**
   * Comments on a pull request in the caller's name, unless a bot has done so with this mark since a time.
   * The mark stands in the text, where nobody sees it.
   */
  reply(
    caller: Caller,
    repository: RepositoryAccess,
    pullNumber: number,
    reply: { body: string; mark: string; since: string },
  ): Promise<void>
}

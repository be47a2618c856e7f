import type { Caller, RepositoryAccess } from './forge.ts'

/** An issue or a pull request. */
export interface SubjectName {
  type: 'issue' | 'pull'
  number: number
}

export interface ForgeSubject extends SubjectName {
  html_url: string
  title: string
  /** Markdown, as it was written. */
  body: string
  state: 'open' | 'closed'
  /** Of a pull request; false of an issue, as is `draft`. */
  merged: boolean
  draft: boolean
  author: Caller['user']
  labels: string[]
  /** Logins. */
  assignees: string[]
  /** Of a pull request: between which branches, and whether its own lies in another repository. */
  branch?: { head: string; head_sha: string; base: string; is_from_fork: boolean }
}

export interface ForgeReview {
  /** In lower case, as webhooks have it: `approved`, `changes_requested`, `commented`. */
  state: string
  body: string
  user: Caller['user']
  html_url: string
}

export interface ForgeWorkflowRun {
  /** The workflow's. */
  name: string
  status: string
  conclusion: string | null
  html_url: string
  /** What it ran for. */
  title: string
}

/** What automations wait for, as the forge says it is now; undefined where there is none of it. */
export interface ForgeSubjects {
  subject(
    caller: Caller,
    repository: RepositoryAccess,
    name: SubjectName,
  ): Promise<ForgeSubject | undefined>
  /** The files a pull request changes, by their present and former names: three thousand at most. */
  changedPaths(caller: Caller, repository: RepositoryAccess, number: number): Promise<string[]>
  review(
    caller: Caller,
    repository: RepositoryAccess,
    name: { number: number; id: number },
  ): Promise<ForgeReview | undefined>
  workflowRun(
    caller: Caller,
    repository: RepositoryAccess,
    id: number,
  ): Promise<ForgeWorkflowRun | undefined>
}

/** What is used of a repository as every GitHub-compatible forge answers it. */
export interface Repository {
  id: number
  name: string
  full_name: string
  owner: { login: string }
  default_branch: string
  description: string | null
  html_url: string
  language?: string | null
  topics?: string[]
  private: boolean
  archived: boolean
  fork: boolean
}

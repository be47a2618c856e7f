/** A custom agent's name: that of its file, without what it ends in. It becomes part of a path. */
export const customAgentName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

/** Where a repository has a custom agent, the first that is there. */
export function agentFilesOf(name: string): string[] {
  return [`.github/agents/${name}.agent.md`, `.github/agents/${name}.md`]
}

/**
 * Where an organization, or a user, has custom agents for all its repositories: in these of its own
 * repositories, by these paths there, on the default branch.
 */
export const sharedRepositories = ['.github-private', '.github'] as const

export function sharedAgentFilesOf(name: string): string[] {
  return [`agents/${name}.agent.md`, `agents/${name}.md`]
}

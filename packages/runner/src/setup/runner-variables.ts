import type { Repository } from '../mirror/repository.ts'
import { boxPaths } from '../box/index.ts'
import type { WorkBranch } from '../workspace/work-branch.ts'
import type { Contexts } from './expressions.ts'
import type { Tree } from './read-tree.ts'
import { runnerFolder } from './run-script.ts'

interface Place {
  repository: Pick<Repository, 'full_name' | 'owner'>
  branch: Pick<WorkBranch, 'name'>
  tree: Pick<Tree, 'commit'>
}

const runner = {
  name: 'errand',
  os: 'Linux',
  arch: process.arch === 'arm64' ? 'ARM64' : 'X64',
  environment: 'self-hosted',
  temp: `${runnerFolder}/temp`,
  tool_cache: `${runnerFolder}/tool-cache`,
  workspace: boxPaths.workspace,
} as const

/** What expressions know of the run. There is no `token`: the steps have none. */
export function runnerContexts(place: Place): Pick<Contexts, 'github' | 'runner'> {
  const { repository, branch, tree } = place
  return {
    github: {
      repository: repository.full_name,
      repository_owner: repository.owner,
      ref: `refs/heads/${branch.name}`,
      ref_name: branch.name,
      ref_type: 'branch',
      sha: tree.commit,
      job: 'copilot-setup-steps',
      event_name: 'dynamic',
      workspace: boxPaths.workspace,
    },
    runner,
  }
}

/** The same for scripts, by the names that GitHub gives them. */
export function runnerVariables(place: Place): Record<string, string> {
  const { github } = runnerContexts(place)
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    ...named('GITHUB', github),
    ...named('RUNNER', runner),
  }
}

function named(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}_${name.toUpperCase()}`, value]),
  )
}

import { existsSync } from 'node:fs'
import { createTempFolder } from './temp-folder.ts'
import { type RunResult, tryRun } from './run.ts'

const candidates = ['/usr/bin/gh', '/usr/local/bin/gh']

/** GitHub's own command line client, as the system installed it; absent when it did not. */
export const ghPath = candidates.find((path) => existsSync(path))

/**
 * Runs an unmodified `gh` with a configuration of its own. It gives the token only to hosts it takes
 * for an Enterprise Server, which a host other than github.com is.
 */
export async function gh(args: readonly string[], token: string): Promise<RunResult> {
  if (ghPath === undefined) throw new Error('gh is not installed')
  await using home = await createTempFolder('gh')
  return await tryRun(ghPath, args, {
    cwd: home.path,
    env: {
      HOME: home.path,
      GH_CONFIG_DIR: home.path,
      GH_ENTERPRISE_TOKEN: token,
      GH_NO_UPDATE_NOTIFIER: '1',
      GH_PROMPT_DISABLED: '1',
      NO_COLOR: '1',
    },
  })
}

import { randomBytes } from 'node:crypto'

import { type Box, boxPaths } from '../box/index.ts'
import type { Run } from '../run/run.ts'
import type { PutAside } from '../steering/put-aside.ts'
import type { Checkout } from '../workspace/check-out.ts'
import { runInBox } from '../workspace/run-in-box.ts'
import { leftAlone, ownEntries } from '../steering/restore-own.ts'
import { newGitlinks, parseRawDiff } from '../git/raw-diff.ts'

/** What an agent has left, packed by git inside the box. */
export interface Gathered {
  /** In the agent's home. */
  bundleName: string
}

const options = {
  failure: 'result_refused',
  what: 'The result could not be collected from the workspace',
  timeoutMs: 10 * 60_000,
} as const

/** The list of what changed, one line a file: this much is over 100,000 files. */
const listLimitBytes = 16 * 1024 * 1024

/** Hooks and signing are the agent's own affair; here they would only keep its work from us. */
const gitConfig = {
  GIT_CONFIG_COUNT: '4',
  GIT_CONFIG_KEY_0: 'safe.directory',
  GIT_CONFIG_VALUE_0: '*',
  GIT_CONFIG_KEY_1: 'core.hooksPath',
  GIT_CONFIG_VALUE_1: '/dev/null',
  GIT_CONFIG_KEY_2: 'commit.gpgSign',
  GIT_CONFIG_VALUE_2: 'false',
  GIT_CONFIG_KEY_3: 'advice.addEmbeddedRepo',
  GIT_CONFIG_VALUE_3: 'false',
  GIT_LITERAL_PATHSPECS: '1',
}

/**
 * Packs all that the agent changed, committed by it or not, into a bundle in its home. Everything here
 * runs inside the box, where the checkout's configuration and filters can do no harm; nothing it says
 * is believed outside. Undefined if the workspace is as it was.
 */
export async function gatherInside(
  run: Run,
  box: Box,
  checkout: Checkout,
  message: string,
): Promise<Gathered | undefined> {
  const env = gitConfig
  const { putAside } = checkout
  // It was hidden from git, in the index that is the agent's.
  await setEntries(run, box, putAside)
  const stage = ['sh', '-c', stageScript, 'stage', checkout.startCommit] as const
  const raw = await runInBox(run, box, [...stage], {
    ...options,
    env,
    input: putAside.map(({ path, own }) => (own === undefined ? `${path}\0` : '')).join(''),
    maxOutputBytes: listLimitBytes,
  })
  const changes = parseRawDiff(raw)
  await setEntries(run, box, leftAlone(putAside, changes))
  const nested = newGitlinks(changes)
  if (nested.length > 0) {
    const input = nested.map((path) => `${path}\0`).join('')
    await runInBox(run, box, ['git', ...dropArguments], { ...options, env, input })
    const names = nested.slice(0, 5).join(', ')
    await run.say(`Left out, being repositories of their own: ${names}`, 'warning')
  }
  const bundleName = `.errand-${randomBytes(9).toString('hex')}.bundle`
  const pack = ['sh', '-c', packScript, 'pack'] as const
  const file = `${boxPaths.home}/${bundleName}`
  const answer = await runInBox(run, box, [...pack, checkout.startCommit, file, message], {
    ...options,
    env,
    input: checkout.upstreamTips.map((tip) => `^${tip}\n`).join(''),
  })
  return answer.toString('utf8').trim() === 'unchanged' ? undefined : { bundleName }
}

/** Has the index say what the branch says of these. */
async function setEntries(run: Run, box: Box, entries: readonly PutAside[]): Promise<void> {
  if (entries.length === 0) return
  const input = ownEntries(entries)
  await runInBox(run, box, ['sh', '-c', entriesScript], { ...options, env: gitConfig, input })
}

const entriesScript = `
rm -f .git/index.lock
git update-index -z --index-info
`

/**
 * An agent that was stopped may have left git's lock behind. Argument: the commit it started from. Input:
 * what was put into the checkout and hidden, which counts where the agent has changed it; what leads over a
 * link by now is not looked at.
 *
 * Files as young as the index may have changed unseen, so git reads them again; `add` would also write
 * each anew, since it cannot mark the object it finds in the read-only mirror as used. The refresh only
 * compares.
 */
const stageScript = `
set -eu
rm -f .git/index.lock
git update-index -q --refresh >/dev/null || :
git add --all
git update-index -z --add --remove --stdin 2>/dev/null || :
git diff-index --cached --raw -z --no-renames --no-abbrev "$1"
`

const dropArguments = ['rm', '--cached', '--quiet', '--pathspec-from-file=-', '--pathspec-file-nul']

/**
 * Commits what is staged on top of the agent's own commits, with a merge it was in the middle of.
 * Arguments: the commit it started from, the bundle's file, the commit's message.
 */
const packScript = `
set -eu
head=$(git rev-parse --quiet --verify 'HEAD^{commit}') || head=$1
tree=$(git write-tree)
if [ "$tree" != "$(git rev-parse "$head^{tree}")" ]; then
  merged=$(git rev-parse --quiet --verify MERGE_HEAD) || merged=
  head=$(git commit-tree "$tree" -p "$head" \${merged:+-p "$merged"} -m "$3")
fi
if [ "$head" = "$1" ]; then
  echo unchanged
  exit
fi
git update-ref refs/errand/result "$head"
git bundle create --quiet "$2" --stdin refs/errand/result
`

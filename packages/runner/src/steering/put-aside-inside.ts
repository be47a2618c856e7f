import type { Box } from '../box/index.ts'
import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'
import { runInBox } from '../workspace/run-in-box.ts'
import type { PutAside } from './put-aside.ts'

/** Named in the log. */
const mostNamed = 10

/**
 * Puts the trusted version of what steers agents into a checkout that nobody has worked in yet, and has git
 * take it for the branch's own: whoever works there sees no change. Tells the reader of the session.
 *
 * @throws SessionFailed workspace_failed
 */
export async function putAsideInside(
  run: Run,
  box: Box,
  putAside: readonly PutAside[],
  base: string,
): Promise<void> {
  if (putAside.length === 0) return
  await runInBox(run, box, [process.execPath, '-e', script], {
    failure: 'workspace_failed',
    what: 'What steers agents could not be taken from the base branch',
    input: JSON.stringify(putAside),
    timeoutMs: 10 * 60_000,
  })
  const names = putAside.slice(0, mostNamed).map(({ path }) => printable(path).slice(0, 200))
  const more = putAside.length > mostNamed ? ` and ${putAside.length - mostNamed} more` : ''
  await run.say(
    `What steers agents is taken from ${base}, not from the branch that is worked on. The agent does not see the branch's own ${names.join(', ')}${more}; the branch keeps them.`,
    'warning',
  )
}

/**
 * A second index checks the trusted versions out. In the first the branch's own stay, marked as not to be
 * compared with the files; what the branch has not at all is ignored.
 */
const script = `
const { execFileSync } = require('node:child_process')
const { appendFileSync, mkdirSync, readFileSync, rmSync } = require('node:fs')
const entries = JSON.parse(readFileSync(0, 'utf8'))
const run = (command, lines) =>
  execFileSync(command[0], command.slice(1), { input: lines.map((line) => line + '\\0').join('') })
const own = entries.filter(({ own }) => own).map(({ path }) => path)
for (const path of own) rmSync(path, { recursive: true, force: true })
const index = '.git/errand-trusted-index'
const second = ['env', 'GIT_INDEX_FILE=' + index, 'git']
const files = entries.filter(({ trusted }) => trusted && trusted.mode !== '160000')
run([...second, 'update-index', '-z', '--index-info'], files.map(({ path, trusted }) => trusted.mode + ' ' + trusted.oid + '\\t' + path))
run([...second, 'checkout-index', '--all', '--force', '--quiet'], [])
rmSync(index, { force: true })
run(['git', 'update-index', '-z', '--skip-worktree', '--stdin'], own)
const hidden = entries.filter(({ own, path }) => !own && !path.includes('\\n')).map(({ path }) => path)
mkdirSync('.git/info', { recursive: true })
appendFileSync('.git/info/exclude', hidden.map((path) => '/' + path.replace(/[\\\\*?[!# ]/g, '\\\\$&') + '\\n').join(''))
`

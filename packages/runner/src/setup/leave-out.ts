import { requireWithinLimits } from '../agent/exit.ts'
import type { Box } from '../box/index.ts'
import { oneLine } from '../printable.ts'
import type { Run } from '../run/run.ts'

/**
 * Has git overlook what the steps left in the checkout that it neither tracks nor ignores, so that what was
 * installed is not taken for the agent's work. Files of the repository that they changed are part of it, as on
 * GitHub, and told of.
 *
 * @throws SessionFailed where the box went over a limit
 */
export async function leaveOut(run: Run, box: Box): Promise<void> {
  const result = await box.run('sh', ['-c', script], {
    timeoutMs: 5 * 60_000,
    maxOutputBytes: 64 * 1024,
  })
  run.signal.throwIfAborted()
  if (result.reason !== 'wall_clock') requireWithinLimits(result, run.context.settings.sandbox)
  if (result.code !== 0) {
    await run.say('What the setup steps left may be taken for work of the agent.', 'warning')
    return
  }
  const changed = result.stdout.toString('utf8').split('\0').filter(Boolean)
  if (changed.length === 0) return
  const names = changed.slice(0, 5).map((path) => oneLine(path).slice(0, 200))
  const more = changed.length > names.length ? ` and ${changed.length - names.length} more` : ''
  await run.say(
    `The setup steps have changed files of the repository, which will be part of the result: ${names.join(', ')}${more}`,
    'warning',
  )
}

/**
 * Folders that git has nothing of are one line. Every character that means something to .gitignore is
 * escaped; a line break, which cannot be, is any character.
 */
const script = `
set -eu
git ls-files --others --exclude-standard --directory -z > /tmp/errand-list
if [ -s /tmp/errand-list ]; then
  mkdir -p .git/info
  sed -z -e 's/[][\\*? ]/\\\\&/g' -e 's/\\n/?/g' -e 's,^,/,' /tmp/errand-list | tr '\\0' '\\n' >> .git/info/exclude
fi
git update-index -q --refresh > /dev/null || :
git diff-index --name-only -z HEAD --`

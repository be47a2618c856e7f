import type { RunOptions, RunResult, StopReason } from './box.ts'
import { collect } from './collect.ts'
import { backgroundPriority, oomScore } from './inside/precedence.ts'
import { controlFd, launch } from './launch.ts'
import type { Opening } from './opening.ts'

/**
 * Waits for the runner's word before it becomes the command. A runner that died while the sandbox
 * came up never says it; had the command started, nothing would ever stop it. Then stands behind the
 * host, as the launcher does for the agent.
 *
 * The word brings the environment with it: set any earlier, an LD_PRELOAD among it would run before
 * the limits are in force, and on a command line any user of the host could read it.
 */
const gate = `
eval "$(/bin/cat <&${controlFd})"
exec ${controlFd}<&-
[ "\${go:-}" = go ] || exit
[ ! -d /proc/self ] || echo ${oomScore} > /proc/self/oom_score_adj
exec /usr/bin/nice -n ${backgroundPriority} "$@"`

/** Runs one command to its end in a sandbox of its own. */
export async function runCommand(
  { plan, limit, options: { env }, supervision }: Opening,
  command: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const word = `${exportAll({ ...env, ...options.env })}go=go\n`
  const gated = [...limit, '/bin/sh', '-c', gate, 'sh', ...command]
  const launched = await launch({ ...plan, cwd: options.cwd ?? plan.cwd }, gated)
  supervision.add(launched)
  let reason: StopReason | undefined
  const stop = (why: StopReason): void => {
    reason ??= why
    launched.kill()
  }
  const timer = setTimeout(() => stop('wall_clock'), options.timeoutMs)
  const allowedBytes = plan.settings.output_mb * 1024 * 1024
  const limits = { keep: options.maxOutputBytes, stopAt: allowedBytes, stop: () => stop('output') }
  const stdout = collect(launched.stdout, limits)
  const stderr = collect(launched.stderr, limits)

  launched.control.end(word)
  launched.stdin.end(options.input)

  const { code } = await launched.ended
  clearTimeout(timer)
  const [out, err] = await Promise.all([stdout, stderr])
  reason ??= supervision.reason
  return {
    ...(reason === undefined ? { code: code ?? 1 } : { signal: 'SIGKILL' as const, reason }),
    stdout: out.bytes,
    stderr: err.bytes,
    truncated: out.truncated || err.truncated,
  }
}

/** As lines of shell. */
function exportAll(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => {
      if (!/^[A-Za-z_]\w*$/.test(name) || value.includes('\0')) {
        throw new TypeError(`${name} cannot be in the environment of a command`)
      }
      return `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`
    })
    .join('')
}

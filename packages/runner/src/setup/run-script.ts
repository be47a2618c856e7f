import { randomBytes } from 'node:crypto'

import { requireWithinLimits } from '../agent/exit.ts'
import { type Box, boxPaths, type Forward } from '../box/index.ts'
import type { Run } from '../run/run.ts'
import { type EnvironmentFile, environmentFiles, longestFileBytes } from './environment-files.ts'
import { type Shell, shellOf } from './shells.ts'
import type { OutputTeller } from './tell-output.ts'

/** Of the runner's own files in the box. Below the home, as they are where GitHub's runners keep theirs. */
export const runnerFolder = `${boxPaths.home}/.runner`

export interface Script {
  text: string
  /** As the step names it. */
  shell: string | undefined
  cwd: string
  env: Readonly<Record<string, string>>
  forwards: readonly Forward[]
  timeoutMs: number
}

export interface ScriptEnd {
  /** Why it failed, as a sentence goes on after its name; absent when it did not. */
  failure?: string
  files: Record<EnvironmentFile, string>
  /** Of its files that were not read. */
  problems: string[]
}

const noFiles = Object.fromEntries(environmentFiles.map((file) => [file, ''])) as Record<
  EnvironmentFile,
  string
> // of all of them

/**
 * Runs the script of a step in a sandbox of its own over the session's folders, and reads what it hands on.
 *
 * @throws SessionFailed where the whole box went over a limit
 */
export async function runScript(
  run: Run,
  box: Box,
  script: Script,
  output: OutputTeller,
): Promise<ScriptEnd> {
  const folder = `${runnerFolder}/${randomBytes(9).toString('hex')}`
  const shell = shellOf(script.shell, `${folder}/script`)
  if (shell === undefined) {
    const failure = `has a shell that is not known: ${script.shell}`
    return { failure, files: noFiles, problems: [] }
  }
  const ended = await runToEnd(run, box, { ...script, folder, shell }, output)
  return { ...ended, ...(await readFiles(run, box, folder)) }
}

/**
 * Puts the script, which comes in by stdin, and the files in place, then becomes the command. Arguments: the
 * folder, the script's file, where to run, whether Python may go by another name, and the command.
 */
const startScript = `
mkdir -p "$1" "\${RUNNER_TEMP:-$1}" "\${RUNNER_TOOL_CACHE:-$1}"
cat > "$2"
for name in ${environmentFiles.join(' ')}; do : > "$1/$name"; done
cd -- "$3" 2>&1 || exit 1
shift 3
if ! command -v "$1" > /dev/null; then
  case "$1 $2" in
    'bash -e') shift; set -- sh "$@" ;;
    'python '*) shift; set -- python3 "$@" ;;
  esac
fi
exec "$@" 2>&1 < /dev/null`

async function runToEnd(
  run: Run,
  box: Box,
  { folder, shell, ...script }: Omit<Script, 'shell'> & { folder: string; shell: Shell },
  output: OutputTeller,
): Promise<Pick<ScriptEnd, 'failure'>> {
  const file = `${folder}/script.${shell.extension}`
  const args = ['-c', startScript, 'sh', folder, file, script.cwd, ...shell.command]
  const env = { ...script.env, ...variablesOfFiles(folder) }
  const program = await box.spawn('sh', args, { env, forwards: script.forwards })
  let isOutOfTime = false
  const timer = setTimeout(() => {
    isOutOfTime = true
    program.kill('SIGKILL')
  }, script.timeoutMs)
  program.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  program.stderr.resume()
  // It may end before it has read all: then it has failed, and says so by its code.
  program.stdin.on('error', () => undefined)
  program.stdin.end(script.text)
  const exit = await program.exited
  clearTimeout(timer)
  output.end()
  run.signal.throwIfAborted()
  const { settings } = run.context
  if (isOutOfTime) return { failure: 'was stopped: it was out of time' }
  if (exit.reason === 'output') {
    return { failure: `was stopped: it printed more than ${settings.sandbox.output_mb} MB` }
  }
  requireWithinLimits(exit, settings.sandbox)
  if (exit.code === 0) return {}
  if (exit.error !== undefined) return { failure: `could not be started: ${exit.error}` }
  const how = exit.signal === undefined ? `code ${exit.code}` : `the signal ${exit.signal}`
  return { failure: `ended with ${how}` }
}

function variablesOfFiles(folder: string): Record<string, string> {
  return Object.fromEntries(
    environmentFiles.map((file) => [`GITHUB_${file.toUpperCase()}`, `${folder}/${file}`]),
  )
}

/** Each file as a line of base64, of no more than one byte above the limit. Argument: the folder. */
const readScript = `
for name in ${environmentFiles.join(' ')}; do
  [ ! -f "$1/$name" ] || head -c ${longestFileBytes + 1} -- "$1/$name" | base64 -w0
  echo
done
rm -rf -- "$1"`

/** In a sandbox without a way out. What is there may be anything the step made of it. */
async function readFiles(
  run: Run,
  box: Box,
  folder: string,
): Promise<Pick<ScriptEnd, 'files' | 'problems'>> {
  const result = await box.run('sh', ['-c', readScript, 'sh', folder], {
    timeoutMs: 60_000,
    maxOutputBytes: 2 * environmentFiles.length * longestFileBytes,
  })
  run.signal.throwIfAborted()
  if (result.reason !== 'wall_clock') {
    requireWithinLimits(result, run.context.settings.sandbox)
  }
  const lines = result.stdout.toString('latin1').split('\n')
  const files = { ...noFiles }
  const problems: string[] = []
  for (const [at, file] of environmentFiles.entries()) {
    const bytes = Buffer.from(lines[at] ?? '', 'base64')
    if (bytes.length <= longestFileBytes) files[file] = bytes.toString('utf8')
    else problems.push(`GITHUB_${file.toUpperCase()} is longer than 1 MB, and not read.`)
  }
  return { files, problems }
}

import { requireWithinLimits } from '../agent/exit.ts'
import type { Box } from '../box/index.ts'
import type { Run } from '../run/run.ts'
import { runnerFolder } from './run-script.ts'

/** What a step of setup-python hands on, as GitHub's action does. */
export interface Venv {
  variables: Record<string, string>
  paths: string[]
  outputs: Record<string, string>
}

const longestMs = 5 * 60_000

/**
 * Makes an environment of the machine's Python in the box's home, into which `pip install` writes: where GitHub's
 * Python is the runner's own to write to, a system's is not. What is there stays, with what was installed in it.
 * Undefined where it cannot be made: distributions package `venv` and `ensurepip` apart.
 *
 * @param version of the Python that the steps find
 * @throws SessionFailed where the box went over a limit
 */
export async function makeVenv(
  run: Run,
  { box, env, version }: { box: Box; env: Readonly<Record<string, string>>; version: string },
): Promise<Venv | undefined> {
  const folder = `${runnerFolder}/tool-cache/Python/${version}`
  const result = await box.run('sh', ['-c', script, 'sh', folder], {
    env,
    timeoutMs: longestMs,
    maxOutputBytes: 64 * 1024,
  })
  run.signal.throwIfAborted()
  if (result.reason === 'wall_clock') return undefined
  requireWithinLimits(result, run.context.settings.sandbox)
  if (result.code !== 0) return undefined
  return {
    variables: {
      pythonLocation: folder,
      Python_ROOT_DIR: folder,
      Python3_ROOT_DIR: folder,
      VIRTUAL_ENV: folder,
    },
    paths: [`${folder}/bin`],
    outputs: { 'python-path': `${folder}/bin/python` },
  }
}

/** Argument: the folder. One that was half made by a step that ran out of its time is made anew. */
const script = `
! "$1/bin/python" -m pip --version || exit 0
python -m venv --clear "$1" || python3 -m venv --clear "$1"`

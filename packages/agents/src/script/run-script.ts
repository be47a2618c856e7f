import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { recipeInterpreter, recipeProgram } from '@errand/recipes'
import { runGroup, type GroupEnd, type GroupOptions } from '../process/run-group.ts'
import type { ScriptPrompt } from './parse-prompt.ts'

/**
 * Runs a script. It is a file outside of the workspace, so that it does not become part of the change.
 *
 * @throws the error of spawn when the interpreter is not there
 */
export async function runScript(prompt: ScriptPrompt, options: GroupOptions): Promise<GroupEnd> {
  const folder = await mkdtemp(join(tmpdir(), 'script-'))
  try {
    const file = join(folder, 'script')
    await writeFile(file, prompt.script, { mode: 0o700 })
    return await runGroup([...programOf(prompt), file], options)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** `#!errand-recipe` is a program of our own, which needs not be installed. */
function programOf({ interpreter }: ScriptPrompt): [string, ...string[]] {
  const [program, ...args] = interpreter
  if (program !== recipeInterpreter) return interpreter
  return [process.execPath, ...process.execArgv, recipeProgram.entry, ...args]
}

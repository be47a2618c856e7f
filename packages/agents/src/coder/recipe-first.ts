import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import type { PromptResponse } from '@agentclientprotocol/sdk'
import { recipeNameOf } from '@errand/recipes'
import { failure } from '../acp/failure.ts'
import { commandEnvironment } from '../process/command-environment.ts'
import { parsePrompt } from '../script/parse-prompt.ts'
import { runScript } from '../script/run-script.ts'
import { readSummary } from '../script/summary.ts'
import { decideBump } from './decide-bump.ts'
import type { Turn } from './turn.ts'

/** What is kept of a recipe's output, in characters. */
const outputLimit = 20_000

export interface RecipeFirst {
  /** What the model is asked for: to go over what the recipe did. */
  prompt: string
  /** Sees to it that the pull request stays the recipe's, whatever the model says of it. */
  conclude: (response: PromptResponse) => PromptResponse
}

/**
 * A prompt that is a recipe is run before the model is asked: what can be worked out is worked out, and
 * the model makes better prose of it. Of a release it is asked before how far to raise the version,
 * where that cannot be worked out. Undefined for every other prompt.
 *
 * @throws failure when the recipe does not come to its end
 */
export async function runRecipeFirst(
  turn: Turn,
  home: string,
  text: string,
): Promise<RecipeFirst | undefined> {
  // What stands below an empty line was added by somebody else, like what was said before.
  const [recipe = '', ...said] = text.trimStart().split(/\r?\n[ \t]*\r?\n/)
  const name = recipeNameOf(recipe)
  if (name === undefined) return undefined
  const script = parsePrompt(name === 'release' ? await decideBump(turn, recipe) : recipe)
  const { workspace, env, signal } = turn
  if (script === undefined) return undefined
  const summaryFile = join(home, `summary-${randomUUID()}`)
  let output = ''
  const { code } = await runScript(script, {
    cwd: workspace,
    env: { ...commandEnvironment(env), ERRAND_SUMMARY_FILE: summaryFile },
    signal,
    onOutput: (text) => void (output = (output + text).slice(-outputLimit)),
  })
  signal.throwIfAborted()
  if (code !== 0) throw failure('agent', `The recipe ${name} failed: ${output.trim().slice(-600)}`)
  const { title, body } = await readSummary(summaryFile, { title: '', body: '' })
  // A recipe's text begins with the mark of its pull request.
  const [mark = ''] = body.split('\n')
  const prompt = title === '' ? afterNothing(name, output) : afterChanges(name, output, title, body)
  return {
    prompt: [prompt, ...said].join('\n\n'),
    conclude: (response) => marked(response, mark, { title, body }),
  }
}

function afterNothing(name: string, output: string): string {
  return `The recipe ${name} has looked at this repository and found nothing to do:\n\n${output.trim()}\n\nChange nothing. Call finish with what it found.`
}

function afterChanges(name: string, output: string, title: string, body: string): string {
  return [
    `The recipe ${name} has done its work in this repository and committed it. It said:`,
    output.trim(),
    `It titled its pull request "${title}" and wrote:`,
    body,
    'Make the prose better, in the files it wrote notes to and in the text of the pull request: say what a change means for whoever uses this project, put what matters first, merge entries that belong together, and keep every link. Look at the diffs of the commits where their messages say little. What it worked out (a version, an owner, the files it changed) stays as it is. Then call finish with the title and the new text.',
  ].join('\n\n')
}

type Text = { title: string; body: string }

function marked(response: PromptResponse, mark: string, text: Text): PromptResponse {
  const report = response._meta?.['errand']
  if (text.title === '') return response
  // The coder's own reports have these; see turn-report.ts.
  const body = (report as Text | undefined)?.body ?? text.body
  const whole = body.includes(mark) ? body : `${mark}\n${body}`
  return { ...response, _meta: { ...response._meta, errand: { title: text.title, body: whole } } }
}

import { readFile, writeFile } from 'node:fs/promises'
import { RecipeError } from './recipe-error.ts'
import { runInCheckout } from './run-in-checkout.ts'

/**
 * `errand-recipe NAME FILE`, as the script agent starts it for a prompt that begins with
 * `#!errand-recipe NAME`: the file is the prompt. It works on the checkout it stands in.
 */
const [name = '', file = ''] = process.argv.slice(2)
const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())
try {
  const outcome = await runInCheckout(
    process.cwd(),
    name,
    await readFile(file, 'utf8'),
    stop.signal,
  )
  if (outcome.type === 'nothing') {
    process.stdout.write(`${outcome.reason}\n`)
  } else {
    process.stdout.write(`${outcome.report.join('\n')}\n`)
    const summaryFile = process.env['ERRAND_SUMMARY_FILE']
    if (summaryFile !== undefined) {
      await writeFile(summaryFile, `${outcome.title}\n\n${outcome.body}\n`)
    }
  }
} catch (error) {
  if (!(error instanceof RecipeError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}

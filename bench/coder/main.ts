import { readFile, writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { parse } from 'yaml'
import { z } from 'zod'
import { createTempFolder } from '../../test/support/temp-folder.ts'
import { evaluateModel, evaluateScripted } from './evaluate.ts'
import { fetchTask, type FetchedTask } from './fetch-package.ts'
import { presentRows, type Row, scriptedNotice, totalsOf } from './report-outcomes.ts'
import { selfCheck } from './self-check.ts'
import { readTasks } from './tasks.ts'

const usage = `npm run bench:coder -- --self-check | --scripted | --settings FILE --model ID
  --only ID,ID          only these tasks
  --max-ai-credits N    what each task may cost
  --json FILE           writes what was found there as well`

const { values } = parseArgs({
  options: {
    'self-check': { type: 'boolean', default: false },
    scripted: { type: 'boolean', default: false },
    settings: { type: 'string' },
    model: { type: 'string' },
    only: { type: 'string' },
    'max-ai-credits': { type: 'string' },
    json: { type: 'string' },
  },
})

const { settings, model } = values
if (values['self-check'] || values.scripted || (settings !== undefined && model !== undefined)) {
  await using folder = await createTempFolder('bench-coder')
  const tasks: FetchedTask[] = []
  for (const task of await readTasks(values.only?.split(','))) {
    tasks.push(await fetchTask(task, folder.path))
  }
  console.log(`${tasks.length} tasks fetched.`)
  if (values['self-check']) await checkTasks(tasks)
  else await evaluate(tasks)
} else {
  console.error(usage)
  process.exitCode = 2
}

async function checkTasks(tasks: FetchedTask[]): Promise<void> {
  const found = []
  for (const task of tasks) {
    const one = await selfCheck(task)
    const isGood = !one.passedBefore && one.passedAfter
    console.log(`${isGood ? 'ok  ' : 'BAD '} ${one.id}`)
    if (!isGood) process.exitCode = 1
    found.push({ ...one, isGood })
  }
  const good = found.filter(({ isGood }) => isGood).length
  console.log(`${good} of ${tasks.length} checks fail with the bug and pass with its fix.`)
  await writeJson({ mode: 'self-check', good, tasks: found })
}

async function evaluate(tasks: FetchedTask[]): Promise<void> {
  const tell = ({ id, behaviour, state, solved, fault }: Row) =>
    console.log(
      `${id}${behaviour === undefined ? '' : `, ${behaviour}`}: ${state}, ${fault ?? (solved ? 'solved' : 'not solved')}`,
    )
  const maxCredits = Number(values['max-ai-credits'])
  const rows = values.scripted
    ? await evaluateScripted(tasks, tell)
    : await evaluateModel(
        tasks,
        {
          settings: z
            .record(z.string(), z.unknown())
            .parse(parse(await readFile(settings ?? '', 'utf8'))),
          model: model ?? '',
          environment: process.env,
          ...(maxCredits > 0 ? { maxCredits } : {}),
        },
        tell,
      )
  console.log(`\n${presentRows(rows, values.scripted)}`)
  if (rows.some(({ fault }) => fault !== undefined)) process.exitCode = 1
  const mode = values.scripted
    ? { mode: 'scripted', notice: scriptedNotice }
    : { mode: 'model', model }
  await writeJson({ ...mode, total: totalsOf(rows), tasks: rows })
}

async function writeJson(found: object): Promise<void> {
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(found, null, 2)}\n`)
}

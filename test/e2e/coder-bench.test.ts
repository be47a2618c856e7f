import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { evaluateScripted } from '../../bench/coder/evaluate.ts'
import type { FetchedTask } from '../../bench/coder/fetch-package.ts'
import { presentRows, scriptedNotice } from '../../bench/coder/report-outcomes.ts'
import { selfCheck } from '../../bench/coder/self-check.ts'
import { readTasks } from '../../bench/coder/tasks.ts'
import { createTempFolder } from '../support/temp-folder.ts'

/** A package of our own with a bug and without it: no registry is needed. */
async function ownTask(folder: string): Promise<FetchedTask> {
  const source = (operator: string) =>
    `'use strict'\n\nexports.clamp = function clamp(value, least, most) {\n\tif (value ${operator} least) {\n\t\treturn least\n\t}\n\treturn value > most ? most : value\n}\n`
  const dirs = { buggyDir: join(folder, 'buggy'), fixedDir: join(folder, 'fixed') }
  for (const [dir, operator] of [
    [dirs.buggyDir, '>'],
    [dirs.fixedDir, '<'],
  ] as const) {
    await mkdir(dir)
    await writeFile(join(dir, 'package.json'), '{"name": "clamp", "main": "clamp.js"}\n')
    await writeFile(join(dir, 'clamp.js'), source(operator))
  }
  const check = `const assert = require('node:assert/strict')
const { clamp } = require(process.cwd())
assert.equal(clamp(5, 0, 10), 5)
assert.equal(clamp(-5, 0, 10), 0)
assert.equal(clamp(15, 0, 10), 10)
`
  return { id: 'clamp', prompt: 'clamp(5, 0, 10) is 0, and should be 5.\n', check, ...dirs }
}

it('the evaluation of the coder knows a repair from none, and a loop that ends from one that does not', async () => {
  await using folder = await createTempFolder('own-task')
  const task = await ownTask(folder.path)

  const checked = await selfCheck(task)
  const rows = await evaluateScripted([task])

  expect(checked).toEqual({ id: 'clamp', passedBefore: false, passedAfter: true })
  expect(rows.map(({ behaviour, solved, fault }) => [behaviour, solved, fault])).toEqual([
    ['fix', true, undefined],
    ['wrong', false, undefined],
    ['loop', false, undefined],
    ['overrun', false, undefined],
  ])
  const told = presentRows(rows, true)
  expect(told).toContain('4 of 4 runs ended as they have to.')
  expect(told).toContain(scriptedNotice)
}, 300_000)

it('a check that the repository ends before its end has not passed', async () => {
  await using folder = await createTempFolder('own-task')
  const task = await ownTask(folder.path)
  await writeFile(join(task.fixedDir, 'clamp.js'), 'process.exit(0)\n')

  expect(await selfCheck(task)).toMatchObject({ passedAfter: false })
})

it('there are at least 20 tasks, each pinned, with a report and a check', async () => {
  const tasks = await readTasks()

  expect(tasks.length).toBeGreaterThanOrEqual(20)
  for (const { buggy, fixed, prompt, check } of tasks) {
    expect([buggy, fixed].every(({ integrity }) => /^sha512-[\w+/]{86}==$/.test(integrity))).toBe(
      true,
    )
    expect(buggy.version).not.toBe(fixed.version)
    expect(prompt).toMatch(/^# .+\n\n.+/)
    expect(check).toContain('process.cwd()')
  }
  await expect(readTasks(['none'])).rejects.toThrow('There is no task none; there are arg-')
})

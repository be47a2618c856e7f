import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'

import { openTestRun, type TestRun } from '../testing/open-test-run.ts'
import { openMirror } from './mirror.ts'

let testRun: TestRun
let mirrors: string
let dir: string

beforeAll(async () => {
  testRun = await openTestRun({ prompt: 'p' })
  mirrors = join(testRun.test.dataDir, 'mirrors')
  dir = join(mirrors, `${testRun.run.lease.task.repository_id}.git`)
})
afterAll(() => testRun?.[Symbol.asyncDispose]())
beforeEach(async () => {
  await rm(mirrors, { recursive: true, force: true })
  await mkdir(mirrors, { recursive: true })
})

describe('the mirror of a repository, after a runner was killed', () => {
  it('is made when the mark was written and nothing else', async () => {
    await writeFile(`${dir}.busy`, '')

    expect(await openMirror(testRun.run)).toEqual({ dir })
    expect(await readdir(dir)).toContain('objects')
    expect(await readdir(mirrors)).not.toContain(`${testRun.run.lease.task.repository_id}.git.busy`)
  })

  it('is freed of what git left half done', async () => {
    await openMirror(testRun.run)
    await writeFile(`${dir}.busy`, '')
    await writeFile(join(dir, 'HEAD.lock'), '')
    await writeFile(join(dir, 'objects', 'tmp_obj_x'), '')
    await mkdir(join(dir, 'refs', 'heads'), { recursive: true })
    await writeFile(join(dir, 'refs', 'heads', 'tmp_work'), '0'.repeat(40))

    await openMirror(testRun.run)

    const left = await readdir(dir, { recursive: true })
    expect(left.filter((path) => /lock$|tmp_/.test(path))).toEqual(['refs/heads/tmp_work'])
  })
})

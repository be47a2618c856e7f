import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Settings } from '@errand/contract'
import { expect, it } from 'vitest'
import { sweepHomes } from './kept-homes.ts'

it('removes homes that were kept long enough, and rests of a sweep that was killed', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'errand-homes-'))
  const folder = join(dataDir, 'homes')
  const settings = Settings.parse({ runner: { keep_home_minutes: 5 } })
  for (const [name, minutes] of [
    ['old', 6],
    ['young', 1],
  ] as const) {
    await mkdir(join(folder, name, 'home'), { recursive: true })
    const about = join(folder, name, 'about.json')
    await writeFile(about, '{}')
    const time = new Date(Date.now() - minutes * 60_000)
    await utimes(about, time, time)
  }
  await mkdir(join(folder, 'earlier-rest', 'home'), { recursive: true })

  const removed = await sweepHomes({ dataDir, settings }, new AbortController().signal)

  expect(removed).toBe(2)
  expect(await readdir(folder)).toEqual(['young'])
  await rm(dataDir, { recursive: true })
})

import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../testing/run-cli.ts'
import { Campaign } from './campaign.ts'
import { beginJournal, journalPath, listCampaigns, openJournal, readJournal } from './journal.ts'
import type { CampaignRecord } from './journal-record.ts'

let home: string
let path: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'errand-journal-'))
  path = journalPath({ HOME: home }, 'dates')
})
afterEach(() => rmSync(home, { recursive: true }))

function plan(...repositories: string[]): CampaignRecord {
  return {
    type: 'campaign',
    version: 1,
    at: '2026-01-02T05:00:00.000Z',
    id: '0b83c4a1-1111-4222-8333-444455556666',
    server: 'http://127.0.0.1:4000',
    campaign: Campaign.parse({ name: 'dates', prompt: 'p', targets: { repos: repositories } }),
    tasks: repositories.map((repository) => ({ repository, prompt: `p for ${repository}` })),
  }
}
const of = (repository: string, attempt = 1) => ({ repository, attempt })

describe("a campaign's journal", () => {
  it('tells what became of each repository, to who opens it later', async () => {
    {
      await using journal = await beginJournal(path, plan('acme/a', 'acme/b', 'acme/c'))
      await journal.append({ type: 'sending', ...of('acme/a') })
      await journal.append({ type: 'sent', ...of('acme/a'), task_id: 't1' })
      await journal.append({ type: 'sending', ...of('acme/b') })
      await journal.append({ type: 'ended', ...of('acme/a'), state: 'completed', pull_url: 'u' })
    }
    await using again = await openJournal(path)

    expect([...again.progress.values()]).toMatchObject([
      { repository: 'acme/a', step: 'ended', state: 'completed', pullUrl: 'u', taskId: 't1' },
      { repository: 'acme/b', step: 'sending' },
      { repository: 'acme/c', step: 'planned', prompt: 'p for acme/c' },
    ])
    expect(await listCampaigns({ HOME: home })).toEqual(['dates'])
  })

  it('keeps that the canary was passed, for who opens it later', async () => {
    {
      await using journal = await beginJournal(path, plan('acme/a'))
      expect(journal.isCanaryPassed).toBe(false)
      await journal.append({ type: 'canary_passed' })
      expect(journal.isCanaryPassed).toBe(true)
    }
    await using again = await openJournal(path)

    expect(again.isCanaryPassed).toBe(true)
    expect(again.progress.get('acme/a')?.step).toBe('planned')
  })

  it('keeps which attempts were over when it was resumed, for who opens it later', async () => {
    {
      await using journal = await beginJournal(path, plan('acme/a', 'acme/b', 'acme/c'))
      await journal.append({ type: 'ended', ...of('acme/a'), state: 'failed' })
      await journal.append({ type: 'resumed' })
      await journal.append({ type: 'refused', ...of('acme/b'), reason: 'no' })
    }
    await using again = await openJournal(path)

    expect([...again.overAtResume]).toEqual([['acme/a', 1]])
  })

  it('is written by one process at a time, and read by any', async () => {
    await using journal = await beginJournal(path, plan('acme/a'))
    await journal.append({ type: 'sending', ...of('acme/a') })

    await expect(openJournal(path)).rejects.toThrow('is being sent by another process')
    expect((await readJournal(path)).progress.get('acme/a')?.step).toBe('sending')
  })

  it('is not begun twice', async () => {
    await (await beginJournal(path, plan('acme/a')))[Symbol.asyncDispose]()

    await expect(beginJournal(path, plan('acme/b'))).rejects.toThrow(
      'There is a campaign dates already.',
    )
  })

  it('is for its owner alone: prompts may hold what others should not read', async () => {
    await using journal = await beginJournal(path, plan('acme/a'))

    expect(journal.progress.size).toBe(1)
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it('survives a death at any byte: what was whole counts, and what follows is whole', async () => {
    {
      await using journal = await beginJournal(path, plan('acme/a'))
      await journal.append({ type: 'sending', ...of('acme/a') })
      await journal.append({ type: 'sent', ...of('acme/a'), task_id: 't1' })
    }
    const text = readFileSync(path)
    const begin = text.indexOf('\n') + 1
    const cut = fc.integer({ min: begin, max: text.length })
    await fc.assert(
      fc.asyncProperty(cut, async (length) => {
        rmSync(path)
        appendFileSync(path, text)
        truncateSync(path, length)
        {
          await using journal = await openJournal(path)
          await journal.append({ type: 'refused', ...of('acme/a'), reason: 'no' })
        }
        const lines = readFileSync(path, 'utf8').trimEnd().split('\n')
        expect(lines.length).toBe(text.subarray(0, length).toString().split('\n').length)
        expect((await readJournal(path)).progress.get('acme/a')?.step).toBe('refused')
      }),
      { numRuns: 30 },
    )
  })

  it('survives a death at any byte of its first line: nothing has its name before that is whole', async () => {
    await (await beginJournal(path, plan('acme/a')))[Symbol.asyncDispose]()
    const line = readFileSync(path)
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: line.length }), async (length) => {
        rmSync(path)
        writeFileSync(`${path}.new`, line.subarray(0, length))
        expect(await listCampaigns({ HOME: home })).toEqual([])

        await (await beginJournal(path, plan('acme/a')))[Symbol.asyncDispose]()
        expect(readFileSync(path)).toEqual(line)
        expect(readdirSync(dirname(path))).not.toContain('dates.jsonl.new')
      }),
      { numRuns: 30 },
    )
  })

  it('has its whole first line from the moment it is there', async () => {
    // So long that it takes many writes.
    const campaign = plan(...Array.from({ length: 50_000 }, (_, at) => `acme/a${at}`))
    const begun = beginJournal(path, campaign)
    const isBegun = begun.then(() => true)
    const sizes = new Set<number>()
    while (!(await Promise.race([isBegun, setImmediate(false)]))) {
      if (existsSync(path)) sizes.add(statSync(path).size)
    }
    await (await begun)[Symbol.asyncDispose]()

    expect([...sizes].filter((size) => size !== statSync(path).size)).toEqual([])
  })

  it('without a whole first line is named, and hides no other from the list', async () => {
    await (await beginJournal(path, plan('acme/a')))[Symbol.asyncDispose]()
    const cut = journalPath({ HOME: home }, 'cut')
    writeFileSync(cut, '{"type":"camp')

    const { code, out, err } = await runCli(['fanout', 'list'], { environment: { HOME: home } })

    expect([code, out]).toEqual([0, 'dates\t1\t1 planned\t2026-01-02T05:00:00.000Z\n'])
    expect(err).toContain(`${cut} has no whole first line`)
    await expect(openJournal(cut)).rejects.toThrow(`${cut} has no whole first line`)
    expect(readFileSync(cut, 'utf8')).toBe('{"type":"camp')
  })

  it('begins a repository anew on a retry, and ignores what its earlier attempt still says', async () => {
    await using journal = await beginJournal(path, plan('acme/a'))
    await journal.append({ type: 'sending', ...of('acme/a') })
    await journal.append({ type: 'refused', ...of('acme/a'), reason: 'no' })
    await journal.append({ type: 'retry', ...of('acme/a', 2) })
    await journal.append({ type: 'sent', ...of('acme/a'), task_id: 'late' })

    expect(journal.progress.get('acme/a')).toEqual({
      repository: 'acme/a',
      prompt: 'p for acme/a',
      attempt: 2,
      step: 'planned',
    })
  })

  it('says which line is none of its own', async () => {
    await (await beginJournal(path, plan('acme/a')))[Symbol.asyncDispose]()
    appendFileSync(path, '{"type":"what"}\n')

    await expect(readJournal(path)).rejects.toThrow('dates.jsonl, line 2, is not a line of')
  })

  it('has to be there, by a name that a campaign can have', async () => {
    await expect(openJournal(path)).rejects.toThrow('There is no campaign at')
    expect(() => journalPath({ HOME: home }, '../x')).toThrow(
      '`../x` is not the name of a campaign.',
    )
  })
})

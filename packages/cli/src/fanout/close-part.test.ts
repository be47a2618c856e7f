import { createClient, createPace } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { createForgeLookup } from '../present/task-fields.ts'
import { type Answers, openFakeServer } from '../testing/fake-server.ts'
import { type Closing, closePart } from './close-part.ts'
import type { Progress } from './progress.ts'

const pullUrl = 'http://here/acme/a/pull/3'
const ended: Progress = {
  repository: 'acme/a',
  prompt: 'p',
  attempt: 1,
  step: 'ended',
  taskId: 't1',
  pullUrl,
}
const pull = {
  state: 'open',
  merged_at: null,
  head: { ref: 'copilot/x', repo: { id: 1 } },
  base: { ref: 'main', repo: { id: 1 } },
}
const path = '/repos/acme/a/pulls/3'
const ref = '/repos/acme/a/git/ref/heads/copilot/x'

async function close(progress: Progress, answers: Answers, more: Partial<Closing> = {}) {
  await using server = await openFakeServer(answers)
  const { signal } = new AbortController()
  const client = createClient({ baseUrl: server.url })
  const forge = createForgeLookup(client, signal)
  const closing = { client, forge, signal, pace: createPace(true), onWait: () => undefined }
  const rules = { isErrand: true, deleteBranches: false, ...more }
  const closed = await closePart({ ...closing, ...rules }, progress)
  const writes = server.asked.filter(({ method }) => method !== 'GET')
  return { ...closed, writes: writes.map((asked) => `${asked.method} ${asked.path}`) }
}

describe('taking back one part of a campaign', () => {
  it('closes an open pull request, and deletes its branch only where asked for', async () => {
    const answers = {
      [`GET ${path}`]: pull,
      [`PATCH ${path}`]: pull,
      [`GET ${ref}`]: { ref: 'x' },
      'DELETE /repos/acme/a/git/refs/heads/copilot/x': {},
    }

    expect(await close(ended, answers)).toEqual({ done: ['#3 closed'], writes: [`PATCH ${path}`] })
    expect((await close(ended, answers, { deleteBranches: true })).done).toEqual([
      '#3 closed',
      'branch deleted',
    ])
  })

  it('leaves what was merged, what is gone, and what was not sent', async () => {
    const merged = { ...pull, state: 'closed', merged_at: '2026-01-02T05:00:00Z' }
    const nothing = { done: [], writes: [] }

    expect(await close(ended, { [`GET ${path}`]: merged }, { deleteBranches: true })).toEqual(
      nothing,
    )
    expect(await close(ended, {})).toEqual(nothing)
    const planned: Progress = { repository: 'acme/a', prompt: 'p', attempt: 1, step: 'planned' }
    expect(await close(planned, {})).toEqual(nothing)
  })

  it("deletes no branch of another repository, nor the pull request's base", async () => {
    const deleting = { deleteBranches: true }
    const fork = { ...pull, state: 'closed', head: { ref: 'copilot/x', repo: { id: 2 } } }
    const own = { ...pull, state: 'closed', head: { ref: 'main', repo: { id: 1 } } }

    for (const found of [fork, own]) {
      expect((await close(ended, { [`GET ${path}`]: found }, deleting)).writes).toEqual([])
    }
  })

  it('does not say again what was said before a death', async () => {
    const comments = '/repos/acme/a/issues/3/comments'
    const answers = { [`GET ${path}`]: pull, [`PATCH ${path}`]: pull, [`POST ${comments}`]: {} }
    const saying = { comment: 'Not now' }
    const said = { ...answers, [`GET ${comments}`]: [{ body: 'Not now' }] }

    expect((await close(ended, said, saying)).writes).toEqual([`PATCH ${path}`])
    const unsaid = { ...answers, [`GET ${comments}`]: [{ body: 'Nice' }] }
    expect((await close(ended, unsaid, saying)).writes).toEqual([
      `POST ${comments}`,
      `PATCH ${path}`,
    ])
  })

  it('says what it cannot take back: a task that runs on GitHub, and a create without an answer', async () => {
    const running = { id: 't1', state: 'in_progress' }
    const answers = { 'GET /agents/tasks/t1': running }
    const open: Progress = { ...ended, step: 'open' }

    expect(await close(open, answers, { isErrand: false })).toMatchObject({
      problem: "GitHub's API cannot cancel its task: close it when that has ended",
      writes: [],
    })
    expect((await close({ ...ended, step: 'sending' }, {})).problem).toContain('resume')
  })
})

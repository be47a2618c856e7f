import { describe, expect, it } from 'vitest'
import type { Progress } from './progress.ts'
import { nextToSend, type SendOrder } from './send-order.ts'

let count = 0
function part(step: Progress['step'], more: Partial<Progress> = {}): Progress {
  count += 1
  return { repository: `acme/r${count}`, prompt: 'p', attempt: 1, step, ...more }
}
const good = () => part('ended', { state: 'completed', pullUrl: 'http://here/acme/x/pull/1' })
const bad = () => part('ended', { state: 'failed' })

function next(progress: Progress[], more: Partial<SendOrder> & { rules?: object } = {}) {
  const campaign = { create_pull_request: true, ...more.rules }
  return nextToSend({ campaign, sending: new Set(), isCanaryPassed: false, ...more, progress })
}

describe('the next to be sent', () => {
  it('is the first that is planned and not on its way', () => {
    const [one, two] = [part('planned'), part('planned')]

    expect(next([good(), one, two])).toEqual({ type: 'send', progress: one })
    expect(next([one, two], { sending: new Set([one.repository]) })).toEqual({
      type: 'send',
      progress: two,
    })
    expect(next([good(), part('refused'), part('skipped')])).toEqual({ type: 'done' })
  })

  it('is first of all what was begun and may have arrived, whatever the rules say', () => {
    const begun = part('sending')
    const rules = { concurrency: 1, stop_after_failures: 1 }

    expect(next([bad(), part('planned'), part('open'), begun], { rules })).toEqual({
      type: 'send',
      progress: begun,
    })
  })

  it('waits while as many are open as may be', () => {
    const rules = { concurrency: 2 }
    const sending = part('sending')

    expect(next([part('open'), part('open'), part('planned')], { rules })).toEqual({ type: 'wait' })
    expect(
      next([part('open'), sending, part('planned')], {
        rules,
        sending: new Set([sending.repository]),
      }),
    ).toEqual({ type: 'wait' })
    expect(next([part('open'), good(), part('planned')], { rules })).toMatchObject({ type: 'send' })
  })

  it('waits for the canary, then asks, and goes on without it once it was passed', () => {
    const rules = { canary: 2 }
    const left = [part('planned'), part('planned')]

    expect(next([part('open'), ...left], { rules })).toMatchObject({ type: 'send' })
    expect(next([part('open'), good(), ...left], { rules })).toEqual({ type: 'wait' })
    expect(next([good(), good(), ...left], { rules })).toEqual({ type: 'ask', good: 2, left: 2 })
    expect(next([good(), good(), ...left], { rules, isCanaryPassed: true })).toMatchObject({
      type: 'send',
    })
  })

  it('counts for the canary what has a pull request, and takes another where there was no change', () => {
    const rules = { canary: 1 }
    const unchanged = part('ended', { state: 'completed' })

    expect(next([unchanged, part('planned')], { rules })).toMatchObject({ type: 'send' })
    expect(
      next([unchanged, part('planned')], { rules: { ...rules, create_pull_request: false } }),
    ).toMatchObject({ type: 'ask' })
  })

  it('is only what is begun anew on a retry, which waits for no canary', () => {
    const again = part('planned', { attempt: 2 })
    const all = [good(), part('planned'), part('planned')]

    expect(next([...all, again], { isRetry: true })).toEqual({ type: 'send', progress: again })
    expect(next(all, { isRetry: true })).toEqual({ type: 'done' })
    expect(next([...all, again], { isRetry: true, rules: { canary: 1 } })).toEqual({
      type: 'send',
      progress: again,
    })
  })

  it('stops when one of the canary fails', () => {
    expect(next([good(), bad(), part('planned')], { rules: { canary: 3 } })).toEqual({
      type: 'stop',
      reason: 'a task of the canary failed',
    })
  })

  it('stops after so many failures, refusals among them', () => {
    const rules = { stop_after_failures: 2 }

    expect(next([bad(), good(), part('planned')], { rules })).toMatchObject({ type: 'send' })
    expect(next([bad(), part('refused'), part('planned')], { rules })).toEqual({
      type: 'stop',
      reason: '2 tasks failed',
    })
    expect(next([bad(), part('refused')], { rules })).toEqual({ type: 'done' })
  })

  it('counts failures anew once somebody had it go on', () => {
    const all = [bad(), part('planned')]
    const overAtResume = new Map(all.map(({ repository, attempt }) => [repository, attempt]))

    for (const rules of [{ stop_after_failures: 1 }, { canary: 2 }]) {
      expect(next(all, { rules })).toMatchObject({ type: 'stop' })
      expect(next(all, { rules, overAtResume })).toMatchObject({ type: 'send' })
      expect(next([...all, bad()], { rules, overAtResume })).toMatchObject({ type: 'stop' })
      const again = all.map((progress) => ({ ...progress, attempt: 2 }))
      expect(next(again, { rules, overAtResume })).toMatchObject({ type: 'stop' })
    }
  })

  it('counts a percentage of what has ended since, once somebody had it go on', () => {
    const before = Array.from({ length: 10 }, bad)
    const overAtResume = new Map(before.map(({ repository }) => [repository, 1]))
    const order = { rules: { stop_after_failures: '20%' }, overAtResume }
    const since = (bads: number) => [
      ...Array.from({ length: bads }, bad),
      ...Array.from({ length: 10 - bads }, good),
    ]

    expect(next([...before, ...since(1), part('planned')], order)).toMatchObject({ type: 'send' })
    expect(next([...before, ...since(2), part('planned')], order)).toEqual({
      type: 'stop',
      reason: '2 of 10 tasks failed, 20% or more',
    })
  })

  it('stops after such a part of failures, once there are enough to tell', () => {
    const rules = { stop_after_failures: '20%' }
    const goods = (n: number) => Array.from({ length: n }, good)

    expect(next([bad(), bad(), ...goods(7), part('planned')], { rules })).toMatchObject({
      type: 'send',
    })
    expect(next([bad(), bad(), ...goods(8), part('planned')], { rules })).toEqual({
      type: 'stop',
      reason: '2 of 10 tasks failed, 20% or more',
    })
    expect(next([bad(), ...goods(9), part('planned')], { rules })).toMatchObject({ type: 'send' })
  })
})

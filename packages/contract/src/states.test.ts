import { expect, it } from 'vitest'
import { activeStates, canTransition, endStates, isEndState, State, transitions } from './index.ts'

const all = State.options

it('allows these transitions and no other', () => {
  const allowed = all.flatMap((from) =>
    all.filter((to) => canTransition(from, to)).map((to) => `${from} -> ${to}`),
  )

  expect(allowed).toEqual([
    'queued -> in_progress',
    'queued -> failed',
    'queued -> cancelled',
    'in_progress -> queued',
    'in_progress -> completed',
    'in_progress -> failed',
    'in_progress -> waiting_for_user',
    'in_progress -> timed_out',
    'in_progress -> cancelled',
    'waiting_for_user -> queued',
    'waiting_for_user -> in_progress',
    'waiting_for_user -> failed',
    'waiting_for_user -> timed_out',
    'waiting_for_user -> cancelled',
  ])
})

it.each(endStates)('never leaves %s', (state) => {
  expect(transitions[state]).toEqual([])
  expect(isEndState(state)).toBe(true)
})

it.each(['queued', 'in_progress', 'waiting_for_user'] as const)(
  'can be cancelled, and ends by itself, from %s',
  (state) => {
    expect(canTransition(state, 'cancelled')).toBe(true)
    expect(canTransition(state, 'failed') || canTransition(state, 'timed_out')).toBe(true)
  },
)

it('never enters idle, which only filters know', () => {
  expect(all.filter((from) => canTransition(from, 'idle'))).toEqual([])
})

it('counts each state either as active or as ended', () => {
  expect([...activeStates, ...endStates].toSorted()).toEqual(all.toSorted())
})

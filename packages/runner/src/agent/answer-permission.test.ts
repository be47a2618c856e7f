import { expect, it } from 'vitest'
import type { EventData } from '@errand/contract'
import { openEventMask } from '../redaction/mask-events.ts'
import { createSecretMask } from '../redaction/secret-mask.ts'
import { openRecorder } from '../run/recorder.ts'
import { answerPermission, PermissionRequest } from './answer-permission.ts'

const options = [
  { optionId: 'always', kind: 'allow_always' },
  { optionId: 'once', kind: 'allow_once' },
  { optionId: 'no', kind: 'reject_once' },
]

async function answer(deny: 'fetch'[], request: object) {
  const events: unknown[] = []
  const recorder = openRecorder(
    (some) => Promise.resolve(void events.push(...some.map(({ data }) => data))),
    () => undefined,
    openEventMask(createSecretMask()),
  )
  const { outcome } = answerPermission(recorder, { deny }, PermissionRequest.parse(request))
  await recorder.flush()
  return { outcome, event: events[0] as EventData['permission.completed'] }
}

it('allows whatever is not denied, for good where that is offered', async () => {
  const toolCall = { toolCallId: 'c', title: 'Run \u001B[31mls', kind: 'execute' }

  const { outcome, event } = await answer([], { toolCall, options })

  expect(outcome).toEqual({ outcome: 'selected', optionId: 'always' })
  expect(event).toMatchObject({ tool_call_id: 'c', kind: 'execute', decision: 'allowed' })
  expect(event.title).not.toContain('\u001B')
})

it('allows once only where something else is denied: the next call may be of that kind', async () => {
  const { outcome } = await answer(['fetch'], { toolCall: { kind: 'read' }, options })

  expect(outcome).toEqual({ outcome: 'selected', optionId: 'once' })
})

it('denies the kinds it is told to', async () => {
  const { outcome, event } = await answer(['fetch'], { toolCall: { kind: 'fetch' }, options })

  expect(outcome).toEqual({ outcome: 'selected', optionId: 'no' })
  expect(event.decision).toBe('denied')
})

it.each([
  [
    'an agent that offers no way to say so',
    { toolCall: { kind: 'fetch' }, options: options.slice(0, 2) },
  ],
  ['an agent that offers nothing', { toolCall: {}, options: [] }],
])('denies %s by cancelling', async (_, request) => {
  const { outcome, event } = await answer(['fetch'], request)

  expect(outcome).toEqual({ outcome: 'cancelled' })
  expect(event.decision).toBe('denied')
})

it('denies whatever it is told to, and says why', async () => {
  const events: unknown[] = []
  const recorder = openRecorder(
    (some) => Promise.resolve(void events.push(...some)),
    () => undefined,
    openEventMask(createSecretMask()),
  )
  const request = PermissionRequest.parse({ toolCall: { kind: 'read' }, options })

  const answered = answerPermission(recorder, { deny: [], isAskedAgain: true }, request, 'not now')

  expect(answered).toEqual({
    outcome: { outcome: 'selected', optionId: 'no' },
    _meta: { errand: { reason: 'not now' } },
  })
  const allowed = answerPermission(recorder, { deny: [], isAskedAgain: true }, request)
  expect(allowed).toEqual({ outcome: { outcome: 'selected', optionId: 'once' } })
})

it('takes what is no tool call for one of no kind', async () => {
  const { event } = await answer([], { toolCall: 'nonsense', options })

  expect(event).toEqual({ title: 'Tool', decision: 'allowed' })
})

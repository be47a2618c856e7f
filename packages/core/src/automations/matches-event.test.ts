import { eventTriggers, type ForgeEventName } from '@errand/contract'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type EventFacts, type EventSubject, mismatchOf } from './matches-event.ts'

const subject: EventSubject = {
  type: 'pull',
  title: 'Crash at the start',
  body: 'It says "nothing to do".',
  state: 'open',
  merged: false,
  draft: true,
  author: 'Ada',
  labels: ['Bug', 'good first issue'],
  assignees: ['grace'],
}
const facts: EventFacts = { event: 'pull_request', type: 'labeled', subject, label: 'Bug' }

function mismatch(event: ForgeEventName, trigger: object, of: Partial<EventFacts> = {}) {
  return mismatchOf(eventTriggers[event].parse(trigger), { ...facts, event, ...of })
}
const labeled = { types: ['labeled'] }

describe('a search expression', () => {
  it.each([
    ['is:open', true],
    ['is:pr is:draft', true],
    ['is:issue', false],
    ['-is:issue', true],
    ['is:merged', false],
    ['is:unmerged state:open', true],
    ['state:closed', false],
    ['label:bug', true],
    ['label:docs,bug', true],
    ['label:"Good First Issue"', true],
    ['label:bug label:docs', false],
    ['-label:docs', true],
    ['author:ada', true],
    ['-author:ada', false],
    ['assignee:grace', true],
    ['assignee:ada', false],
    ['crash', true],
    ['"nothing to do"', true],
    ['"nothing at all"', false],
    ['"at the start"', true],
    ['-crash', false],
  ])('%s holds: %j', (query, holds) => {
    expect(mismatch('pull_request', { ...labeled, query })).toBe(holds ? undefined : 'query')
  })

  it('holds of nothing where there is no issue and no pull request', () => {
    const { subject: _, ...nothing } = facts

    expect(mismatchOf(eventTriggers.issues.parse({ ...labeled, query: 'x' }), nothing)).toBe(
      'query',
    )
  })
})

it.each<[ForgeEventName, object, Partial<EventFacts>, string | undefined]>([
  ['issues', {}, { type: 'opened' }, undefined],
  ['issues', {}, { type: 'closed' }, 'types'],
  ['issues', { ...labeled, labels: ['BUG'] }, {}, undefined],
  ['issues', { ...labeled, labels: ['docs'] }, {}, 'labels'],
  // It has the label, and another was added.
  ['issues', { ...labeled, labels: ['bug'] }, { label: 'docs' }, 'labels'],
  ['issues', { types: ['opened'], labels: ['docs'] }, { type: 'opened' }, undefined],
  ['issues', { types: ['assigned'], assignees: ['ada'] }, { type: 'assigned' }, 'assignees'],
  [
    'issues',
    { types: ['assigned'], assignees: ['ADA'] },
    { type: 'assigned', assignee: 'ada' },
    undefined,
  ],
  [
    'issue_comment',
    { body_substring: '/Fix' },
    { type: 'created', text: 'please /fix' },
    undefined,
  ],
  ['issue_comment', { body_substring: '/fix' }, { type: 'created', text: 'no' }, 'body_substring'],
  [
    'pull_request_review_submitted',
    { states: ['approved'] },
    { type: 'submitted', review_state: 'changes_requested' },
    'states',
  ],
  [
    'pull_request_review_submitted',
    { states: ['approved'] },
    { type: 'submitted', review_state: 'approved' },
    undefined,
  ],
  [
    'workflow_run',
    { workflows: ['CI'], conclusions: ['failure'] },
    { type: 'completed', workflow: 'ci', conclusion: 'failure' },
    undefined,
  ],
  [
    'workflow_run',
    { workflows: ['CI'], conclusions: ['failure'] },
    { type: 'completed', workflow: 'ci', conclusion: 'success' },
    'conclusions',
  ],
  ['workflow_run', { workflows: ['CI'] }, { type: 'completed', workflow: 'docs' }, 'workflows'],
  [
    'pull_request',
    { ...labeled, paths: ['docs/**', '!docs/draft/'] },
    { paths: ['docs/a.md'] },
    undefined,
  ],
  [
    'pull_request',
    { ...labeled, paths: ['docs/*.md', '!draft.md'] },
    { paths: ['docs/draft.md'] },
    'paths',
  ],
  ['pull_request', { ...labeled, paths: ['*.md'] }, { paths: ['a/b/c.md', 'x'] }, undefined],
  ['pull_request', { ...labeled, paths: ['/*.md'] }, { paths: ['a/b.md'] }, 'paths'],
  ['pull_request', { ...labeled, paths: ['*.md'] }, {}, 'paths'],
  // Names are the forge's, and may be anything.
  ['pull_request', { ...labeled, paths: ['*'] }, { paths: ['../a', '/b', './c', ''] }, undefined],
])('%s with %j and %j fails by %s', (event, trigger, of, filter) => {
  expect(mismatch(event, trigger, of)).toBe(filter)
})

describe('whatever happens', () => {
  const word = fc.constantFrom('a', 'B', 'docs/x.md', 'src/y.ts', '')
  const anyFacts: fc.Arbitrary<EventFacts> = fc.record(
    {
      event: fc.constant('pull_request' as const),
      type: fc.constantFrom('opened', 'labeled', 'assigned'),
      label: word,
      assignee: word,
      text: fc.string(),
      paths: fc.array(fc.oneof(word, fc.string())),
      subject: fc.constant(subject),
    },
    { requiredKeys: ['event', 'type'] },
  )
  const anyTrigger = fc.record(
    {
      types: fc.constant(['opened', 'labeled', 'assigned']),
      labels: fc.constant(['a']),
      assignees: fc.constant(['b']),
      body_substring: fc.constantFrom('a', ' '),
      query: fc.constantFrom('is:open', '-crash', 'label:bug'),
      paths: fc.constantFrom(['docs/**'], ['*', '!src/**']),
    },
    { requiredKeys: ['types'] },
  )

  it('each filter more can only keep more away', () => {
    fc.assert(
      fc.property(anyTrigger, anyFacts, (trigger, of) => {
        const all = mismatchOf(eventTriggers.pull_request.parse(trigger), of)
        const each = Object.keys(trigger).map((key) => {
          const one = { types: trigger.types, [key]: trigger[key as keyof typeof trigger] }
          return mismatchOf(eventTriggers.pull_request.parse(one), of)
        })
        expect(all === undefined).toBe(each.every((one) => one === undefined))
      }),
    )
  })

  it('the case of names is no matter', () => {
    fc.assert(
      fc.property(anyFacts, (of) => {
        const trigger = { types: ['labeled' as const], labels: ['a'], assignees: ['b'] }
        const upper = { ...trigger, labels: ['A'], assignees: ['B'] }
        expect(mismatchOf(upper, of)).toBe(mismatchOf(trigger, of))
      }),
    )
  })
})

import { describe, expect, it } from 'vitest'

import { readMatcher } from './matcher.ts'

describe('the matcher of a hook', () => {
  it.each([
    ['bash|edit', 'bash', true],
    ['bash|edit', 'bash_more', false],
    ['web_.*', 'web_fetch', true],
    ['Bash', 'bash', false],
    ['', 'bash', false],
  ])('%j matches the whole of %j: %j', (pattern, toolName, expected) => {
    expect(readMatcher(pattern, 'preToolUse', 'preToolUse')?.({ toolName })).toBe(expected)
  })

  it.each([
    ['*', 'bash', true],
    ['', 'bash', true],
    ['Bash', 'bash', true],
    ['bash', 'bash', true],
    ['Edit|Write', 'edit', true],
    ['Edit|Write', 'bash', false],
    ['Task', 'task', true],
    ['Web.*', 'web_fetch', true],
    ['web.*', 'web_fetch', false],
  ])(
    '%j of an event named as Claude Code names it matches %j: %j',
    (pattern, toolName, expected) => {
      expect(readMatcher(pattern, 'preToolUse', 'PreToolUse')?.({ toolName })).toBe(expected)
    },
  )

  it('is of the name of a subagent, and of what began a compaction', () => {
    const start = readMatcher('explore', 'subagentStart', 'subagentStart')
    const compact = readMatcher('manual', 'preCompact', 'preCompact')

    expect(start?.({ agentName: 'explore' })).toBe(true)
    expect(compact?.({ trigger: 'auto' })).toBe(false)
  })

  it('is not looked at where nothing is matched', () => {
    expect(readMatcher('[', 'sessionEnd', 'sessionEnd')?.({ reason: 'complete' })).toBe(true)
  })

  it.each(['[', '(?=x)', '(a)\\1'])('that is %j is none', (pattern) => {
    expect(readMatcher(pattern, 'preToolUse', 'preToolUse')).toBeUndefined()
  })

  it('holds up nothing, whatever a repository and its agent make of it', () => {
    const matches = readMatcher('(a+)+b', 'preToolUse', 'preToolUse')

    // Backtracking would take longer than this machine will be there.
    expect(matches?.({ toolName: 'a'.repeat(200) })).toBe(false)
  })
})

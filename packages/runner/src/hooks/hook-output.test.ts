import { expect, it } from 'vitest'
import { readHookOutput } from './hook-output.ts'
import { composePayload } from './payload.ts'

it.each([
  ['', {}],
  ['  \n', {}],
  ['{}', {}],
  ['{"permissionDecision":"allow"}', { permission: 'allow' }],
  ['{"permissionDecision":"ask"}', { permission: 'deny' }],
  [
    '{"permissionDecision":"deny","permissionDecisionReason":"no"}',
    { permission: 'deny', reason: 'no' },
  ],
  [
    '{"type":"progress","message":"a"}\n{\n"decision": "block",\n"reason": "more"\n}\n{"type":"progress"}',
    { isBlocking: true, reason: 'more' },
  ],
  ['{"hookSpecificOutput":{"permissionDecision":"deny"}}', { permission: 'deny' }],
  ['{"modifiedTransformedPrompt":"other"}', { prompt: 'other' }],
  ['{"modifiedTransformedPrompt":" "}', {}],
  ['{"additionalContext":"more"}', { context: 'more' }],
  ['{"additionalContext":null}', {}],
  ['{"modifiedResponse":""}', { response: '' }],
  ['all is well', undefined],
  ['[1]', {}],
  ['"deny"', undefined],
  ['{"permissionDecision":"maybe"}', undefined],
])('%j says %j', (output, answer) => {
  expect(readHookOutput(output)).toEqual(answer)
})

it('what stands for a prompt and is longer than a model could read is no answer', () => {
  const modifiedTransformedPrompt = 'x'.repeat(1024 * 1024 + 1)

  expect(readHookOutput(JSON.stringify({ modifiedTransformedPrompt }))).toBeUndefined()
})

const session = { id: 's', cwd: '/workspace', now: new Date('2026-01-02T03:04:05.006Z') }
const details = {
  toolName: 'bash',
  toolArgs: { someKey: 1 },
  toolResult: { resultType: 'success', textResultForLlm: 'x' },
}

it('a payload is told as GitHub has it', () => {
  expect(composePayload('postToolUse', session, details)).toEqual({
    sessionId: 's',
    timestamp: 1767323045006,
    cwd: '/workspace',
    ...details,
  })
})

it('and as editors have it, where the event is named as there', () => {
  expect(composePayload('PostToolUse', session, details)).toEqual({
    hook_event_name: 'PostToolUse',
    session_id: 's',
    timestamp: '2026-01-02T03:04:05.006Z',
    cwd: '/workspace',
    tool_name: 'bash',
    tool_input: { someKey: 1 },
    tool_result: { result_type: 'success', text_result_for_llm: 'x' },
  })
})

it('tools are called as Claude Code calls them where the event is named as there', () => {
  const nameFor = (toolName: string) =>
    composePayload('PreToolUse', session, { toolName, toolArgs: {} })['tool_name']

  expect(['bash', 'view', 'toString', 'mine'].map(nameFor)).toEqual([
    'Bash',
    'Read',
    'toString',
    'mine',
  ])
})

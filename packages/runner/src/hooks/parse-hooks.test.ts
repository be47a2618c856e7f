import { describe, expect, it } from 'vitest'
import { parseHooks } from './parse-hooks.ts'

const path = '.github/hooks/guard.json'
const file = (hooks: unknown, version: unknown = 1) => JSON.stringify({ version, hooks })

describe('a file of hooks', () => {
  it('has commands and addresses for events, by both of their names', () => {
    const { hooks, problems } = parseHooks(
      path,
      file({
        preToolUse: [{ type: 'command', bash: 'a', command: 'b', powershell: 'c', timeoutSec: 5 }],
        Stop: [{ command: 'b', cwd: 'scripts', env: { A: '1' }, timeout: 7 }],
        sessionEnd: [
          { type: 'http', url: 'https://h.example/x', headers: { A: '$B' }, allowedEnvVars: ['B'] },
        ],
      }),
    )

    expect(problems).toEqual([])
    expect(hooks).toEqual([
      {
        type: 'command',
        place: `${path} preToolUse[0]`,
        event: 'preToolUse',
        eventName: 'preToolUse',
        command: 'a',
        cwd: '.',
        env: {},
        timeoutMs: 5000,
        matches: expect.any(Function),
      },
      {
        type: 'command',
        place: `${path} Stop[0]`,
        event: 'agentStop',
        eventName: 'Stop',
        command: 'b',
        cwd: 'scripts',
        env: { A: '1' },
        timeoutMs: 7000,
        matches: expect.any(Function),
      },
      {
        type: 'http',
        place: `${path} sessionEnd[0]`,
        event: 'sessionEnd',
        eventName: 'sessionEnd',
        url: 'https://h.example/x',
        headers: { A: '$B' },
        allowedEnvVars: ['B'],
        timeoutMs: 30_000,
        matches: expect.any(Function),
      },
    ])
  })

  it.each([
    ['no JSON', '{'],
    ['no version', JSON.stringify({ hooks: {} })],
    ['another version', file({}, 2)],
    ['an event that has no list', file({ sessionStart: { bash: 'x' }, sessionEnd: [] })],
    ['hooks that are a list', file([])],
  ])('with %s is not followed at all', (_, text) => {
    const { hooks, problems } = parseHooks(path, text)

    expect(hooks).toEqual([])
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(/^\.github\/hooks\/guard\.json is not followed: /)
  })

  it.each([
    ['a command without a command', { type: 'command' }],
    ['nothing', null],
    ['a prompt', { type: 'prompt', prompt: 'x' }],
    ['an address without TLS', { type: 'http', url: 'http://h.example/' }],
    ['an address of a file', { type: 'http', url: 'file:///etc/passwd' }],
    ['a variable that is no name', { bash: 'x', env: { 'A B': '1' } }],
    ['a matcher that is no text', { bash: 'x', matcher: 1 }],
    ['a time that is none', { bash: 'x', timeoutSec: -1 }],
    ['a time without end', { bash: 'x', timeoutSec: 86_400 }],
  ])('loses %s alone', (_, item) => {
    const { hooks, problems } = parseHooks(path, file({ sessionStart: [item, { bash: 'ok' }] }))

    expect(hooks).toMatchObject([{ command: 'ok', place: `${path} sessionStart[1]` }])
    expect(problems).toMatchObject([expect.stringContaining('sessionStart[0] is left out')])
  })

  it('loses an item whose matcher is none', () => {
    const { hooks, problems } = parseHooks(
      path,
      file({
        preToolUse: [
          { bash: 'x', matcher: '(' },
          { bash: 'ok', matcher: 'bash' },
        ],
      }),
    )

    expect(hooks).toMatchObject([{ command: 'ok' }])
    expect(problems).toEqual([expect.stringMatching(/preToolUse\[0\] is left out: matcher: /)])
  })

  it('that is switched off has no hooks', () => {
    const text = JSON.stringify({
      version: 1,
      disableAllHooks: true,
      hooks: { sessionStart: [{ bash: 'x' }, null] },
    })

    expect(parseHooks(path, text)).toEqual({ hooks: [], problems: [] })
  })

  it('says of an event that nobody knows that nothing runs for it, and nothing of those without effect', () => {
    const items = [{ bash: 'x' }]
    const { hooks, problems } = parseHooks(
      path,
      file({ preToolUsed: items, notification: items, permissionRequest: items }),
    )

    expect(hooks).toEqual([])
    expect(problems).toEqual([`${path}: no hook ever runs for preToolUsed`])
  })
})

import { describe, expect, it } from 'vitest'
import { parseCustomAgent } from './parse-custom-agent.ts'

function agentOf(file: string) {
  const read = parseCustomAgent(file)
  if ('problem' in read) throw new Error(read.problem)
  return read.agent
}

describe('the file of a custom agent', () => {
  it('is its front matter and its instructions', () => {
    const agent = agentOf(`---
name: Tidy
description: Tidies up
target: github-copilot
model: large
argument-hint: what to tidy
metadata: { owner: web, level: 3 }
mcp-servers:
  docs: { type: http, url: https://docs.example.com/mcp, tools: ['*'] }
---

Tidy up.
`)

    expect(agent).toEqual({
      name: 'Tidy',
      description: 'Tidies up',
      instructions: 'Tidy up.',
      model: 'large',
      metadata: { owner: 'web', level: '3' },
      mcpServers: { docs: { type: 'http', url: 'https://docs.example.com/mcp', tools: ['*'] } },
    })
  })

  it.each([
    ['nothing but instructions', 'Tidy up.'],
    ['a byte order mark and Windows line ends', '\uFEFF---\r\nname: x\r\n---\r\nTidy up.\r\n'],
    ['an empty front matter', '---\n---\nTidy up.'],
    ['keys that nobody knows', '---\nfuture: [1, 2]\n---\nTidy up.'],
  ])('may have %s', (_, file) => {
    expect(agentOf(file).instructions).toBe('Tidy up.')
  })

  it('may begin with a ruled line', () => {
    expect(agentOf('---\nBe kind.\n---\nTidy up.').instructions).toBe(
      '---\nBe kind.\n---\nTidy up.',
    )
  })

  it.each([
    ['tools: [read, Grep, Bash]', { kinds: ['read', 'search', 'execute'], mcp: [] }],
    ['tools: "Edit, MultiEdit, Glob"', { kinds: ['edit', 'search'], mcp: [] }],
    ['tools: []', { kinds: [], mcp: [] }],
    ['tools: [docs/*, web/look, unheard-of]', { kinds: [], mcp: ['docs/*', 'web/look'] }],
    ['tools: [constructor, __proto__]', { kinds: [], mcp: [] }],
    ['tools: ["*"]', undefined],
    ['name: x', undefined],
  ])('with %s may use %j', (line, tools) => {
    expect(agentOf(`---\n${line}\n---\nx`).tools).toEqual(tools)
  })

  it.each([
    ['---\n: : [\n---\n', /front matter cannot be read/],
    ['---\na: &a [1]\nb: [*a, *a]\n---\n', /front matter cannot be read/],
    ['---\ntools: { a: 1 }\n---\n', /tools/],
    ['---\nmcp-servers: { docs: { type: carrier-pigeon } }\n---\n', /mcp-servers\.docs/],
    ['---\ntarget: vscode\n---\nx', /VS Code only/],
    ['---\nuser-invocable: false\n---\nx', /not for users/],
    [`---\nname: x\n---\n${'x'.repeat(30_001)}`, /30001 characters/],
  ])('%j is none a task can be given to', (file, problem) => {
    expect(parseCustomAgent(file)).toEqual({ problem: expect.stringMatching(problem) })
  })

  it('that is retired from being chosen by models is still one for users', () => {
    expect(agentOf('---\ninfer: false\ndisable-model-invocation: true\n---\nx')).toBeDefined()
  })
})

import type { McpServer } from '@errand/contract'
import { expect, it } from 'vitest'

import { fillInValues } from './fill-in-values.ts'

const values = {
  COPILOT_MCP_A: 'a',
  COPILOT_MCP_EMPTY: '',
  // What is put in is no text to be filled in.
  COPILOT_MCP_SLY: '$COPILOT_MCP_A ${COPILOT_MCP_A} ${{ secrets.COPILOT_MCP_A }}',
}

function filled(text: string, options?: { hasExpressions: boolean }): string | undefined {
  const server: McpServer = { type: 'local', command: 'x', args: [], env: { X: text } }
  const ready = fillInValues(server, values, options)
  return ready.type === 'local' ? ready.env?.X : undefined
}

it.each([
  ['$COPILOT_MCP_A', 'a'],
  ['${COPILOT_MCP_A}', 'a'],
  ['Bearer ${COPILOT_MCP_A}!', 'Bearer a!'],
  ['${COPILOT_MCP_B:-b}', 'b'],
  ['${COPILOT_MCP_B:-}', ''],
  ['${COPILOT_MCP_A:-b}', 'a'],
  ['${COPILOT_MCP_EMPTY:-b}', 'b'],
  ['$COPILOT_MCP_EMPTY', ''],
  ['$COPILOT_MCP_SLY', values.COPILOT_MCP_SLY],
  ['costs 5$', 'costs 5$'],
  ['${COPILOT_MCP_A', '${COPILOT_MCP_A'],
  ['${{ secrets.COPILOT_MCP_A }}', '${{ secrets.COPILOT_MCP_A }}'],
])('fills %j in as %j', (text, expected) => {
  expect(filled(text)).toBe(expected)
})

it.each([
  ['${{ secrets.COPILOT_MCP_A }}', 'a'],
  ['${{vars.COPILOT_MCP_A}}/$COPILOT_MCP_A', 'a/a'],
  ['${{ secrets.COPILOT_MCP_SLY }}', values.COPILOT_MCP_SLY],
])('fills %j of a custom agent in as %j', (text, expected) => {
  expect(filled(text, { hasExpressions: true })).toBe(expected)
})

it.each(['$COPILOT_MCP_B', '${COPILOT_MCP_B}', '$PATH', '$toString', '$__proto__'])(
  'does not fill in %j, which nobody has set',
  (text) => {
    expect(() => filled(text)).toThrow('is neither a secret nor a variable')
  },
)

it('fills in all texts but tools, and in args what the server’s own env says', () => {
  const local = fillInValues(
    {
      type: 'stdio',
      command: '$COPILOT_MCP_A',
      args: ['--host=$HOST', '$COPILOT_MCP_A'],
      env: { HOST: 'host-$COPILOT_MCP_A' },
      tools: ['$COPILOT_MCP_A'],
    },
    values,
  )
  const remote = fillInValues(
    { type: 'http', url: 'https://$COPILOT_MCP_A.test/', headers: { K: '$COPILOT_MCP_A' } },
    values,
  )

  expect(local).toEqual({
    type: 'stdio',
    command: 'a',
    args: ['--host=host-a', 'a'],
    env: { HOST: 'host-a' },
    tools: ['$COPILOT_MCP_A'],
    holdsValues: true,
  })
  expect(remote).toEqual({
    type: 'http',
    url: 'https://a.test/',
    headers: { K: 'a' },
    holdsValues: true,
  })
})

import { expect, it } from 'vitest'
import { UserError } from '../errors.ts'
import { assign } from './assign.ts'

const document = { on: true, list: ['a'], tools: { codeql: true }, none: null }
const readFile = (path: string) => `{"from": "${path}"}`

it.each([
  ['on=false', { on: false }],
  ['list=[b, c]', { list: ['b', 'c'] }],
  ['list+=b', { list: ['a', 'b'] }],
  ['list+=a', { list: ['a'] }],
  ['list-=a', { list: [] }],
  ['list-=z', { list: ['a'] }],
  ['tools.codeql=false', { tools: { codeql: false } }],
  ['tools.other.deep+=x', { tools: { codeql: true, other: { deep: ['x'] } } }],
  ['none=null', { none: null }],
  ['none=@mcp.json', { none: { from: 'mcp.json' } }],
  ['list=', { list: null }],
])('%s changes what it names', (assignment, changed) => {
  expect(assign(document, assignment, readFile)).toEqual({ ...document, ...changed })
  expect(document.list).toEqual(['a'])
})

it.each([
  ['nonsense', 'is no assignment'],
  ['missing=1', 'There is no field missing'],
  ['on+=x', 'on is no list'],
  ['list.x=1', 'there is nothing in list to set'],
  ['on=[', 'is no YAML'],
  ['__proto__.x=1', 'There is no field __proto__'],
  ['constructor.x=1', 'There is no field constructor'],
])('%s is refused: %s', (assignment, message) => {
  const refused = () => assign(document, assignment, readFile)

  expect(refused).toThrow(UserError)
  expect(refused).toThrow(message)
})

import { expect, it } from 'vitest'
import { operationOf, requireContract } from './contract.ts'

const task = { id: 't', state: 'queued', created_at: '2026-01-02T03:04:05Z', archived_at: null }

it.each([
  ['POST', '/agents/repos/o/r/tasks', 'agent-tasks/create-task-in-repo'],
  ['GET', '/api/v3/agents/tasks?page=2', 'agent-tasks/list-tasks'],
  ['GET', '/agents/tasks/1', 'agent-tasks/get-task-by-id'],
  ['GET', '/repos/o/r/contents/src/deep/file.js', 'repos/get-content'],
  ['GET', '/agents/tasks/1/events', undefined],
])('knows %s %s', (method, path, operation) => {
  expect(operationOf(method, path)).toBe(operation)
})

it('takes a task, with the null that is allowed and fields beyond GitHub', () => {
  requireContract('POST', '/agents/repos/o/r/tasks', 201, { ...task, extra: 1 })
})

it.each([
  ['a state of our own', { ...task, state: 'paused' }, /state must be equal to one of/],
  ['a number for an id', { ...task, id: 7 }, /\/id must be string/],
  ['a missing time', { ...task, created_at: undefined }, /'created_at'/],
  ['a date without a time', { ...task, created_at: '2026-01-02' }, /created_at must match format/],
  ['a null', { ...task, name: null }, /\/name must not be null/],
  ['a list of something else', { ...task, artifacts: [{ type: 'tag' }] }, /artifacts\/0/],
])('refuses %s', (_, body, text) => {
  expect(() => requireContract('POST', '/agents/repos/o/r/tasks', 201, body)).toThrow(text)
})

it.each([404, 422, 429])('holds an error %i to its shape, listed or not', (status) => {
  expect(() =>
    requireContract('POST', '/agents/repos/o/r/tasks', status, { message: 'x' }),
  ).toThrow(/documentation_url/)
})

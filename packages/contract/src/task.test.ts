import { describe, expect, it } from 'vitest'
import { Artifact, CreateTask, Session, shortRef, Task, TaskPage } from './index.ts'

const task = { id: 't', state: 'queued', created_at: '2026-01-02T03:04:05Z' } as const

describe('the body of create', () => {
  it('needs a prompt alone, and opens no pull request by itself', () => {
    expect(CreateTask.parse({ prompt: 'p' })).toEqual({ prompt: 'p', create_pull_request: false })
  })

  it('ignores fields it does not know', () => {
    expect(CreateTask.parse({ prompt: 'p', event_type: 'x', compute: {} })).toEqual({
      prompt: 'p',
      create_pull_request: false,
    })
  })

  it.each([
    {},
    { prompt: 1 },
    { prompt: 'p', model: null },
    { prompt: 'p', create_pull_request: 'true' },
    { prompt: 'p', base_ref: 7 },
    { prompt: 'p', timeout_minutes: 0 },
    { prompt: 'p', priority: 101 },
  ])('refuses %j', (body) => {
    expect(CreateTask.safeParse(body).success).toBe(false)
  })
})

describe('answers', () => {
  it.each(['url', 'name', 'creator', 'artifacts', 'updated_at', 'custom_agent', 'session_count'])(
    'leave %s out of a task and never send null or undefined',
    (field) => {
      expect(Task.safeParse({ ...task, [field]: null }).success).toBe(false)
      expect(Task.safeParse({ ...task, [field]: undefined }).success).toBe(false)
    },
  )

  it('carry null in archived_at alone', () => {
    expect(Task.parse({ ...task, archived_at: null }).archived_at).toBeNull()
  })

  it.each(['completed_at', 'error', 'usage', 'head_ref', 'model'])(
    'leave %s out of a session while it is not known',
    (field) => {
      expect(Session.safeParse({ ...task, [field]: null }).success).toBe(false)
    },
  )

  it('have no total_count in a list: it would change what paginate gives', () => {
    expect(Object.keys(TaskPage.shape)).toEqual([
      'tasks',
      'total_active_count',
      'total_archived_count',
    ])
  })

  it('tell a pull from a branch by the type of the artifact', () => {
    const data = { head_ref: 'errand/x', base_ref: 'main' }

    expect(Artifact.safeParse({ provider: 'github', type: 'branch', data }).success).toBe(true)
    expect(Artifact.safeParse({ provider: 'github', type: 'pull', data }).success).toBe(false)
  })
})

it.each([
  ['main', 'main'],
  ['refs/heads/main', 'main'],
  ['refs/heads/feature/x', 'feature/x'],
  ['refs/tags/v1', 'refs/tags/v1'],
  ['x/refs/heads/main', 'x/refs/heads/main'],
])('answers the branch %s as %s', (given, short) => {
  expect(shortRef(given)).toBe(short)
})

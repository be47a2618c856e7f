import { expect, it } from 'vitest'
import { EventListQuery, PageQuery, RepoTaskListQuery, TaskListQuery } from './index.ts'

it("has GitHub's defaults: 30 rows, page 1, newest update first, not archived", () => {
  expect(TaskListQuery.parse({})).toEqual({
    per_page: 30,
    page: 1,
    sort: 'updated_at',
    direction: 'desc',
    is_archived: false,
  })
})

it.each([
  [
    { per_page: '100', page: '2' },
    { per_page: 100, page: 2 },
  ],
  [{ per_page: '1' }, { per_page: 1, page: 1 }],
])('reads the page %j of a query string', (query, page) => {
  expect(PageQuery.parse(query)).toEqual(page)
})

it.each([
  { per_page: '0' },
  { per_page: '101' },
  { per_page: 'ten' },
  { per_page: '1.5' },
  { per_page: 'Infinity' },
  { page: '0' },
  { page: '-1' },
  { page: '1e99' },
])('refuses the page %j', (query) => {
  expect(PageQuery.safeParse(query).success).toBe(false)
})

it('reads a comma-separated list of states, and forgives a comma too many', () => {
  expect(TaskListQuery.parse({ state: 'queued,failed,' }).state).toEqual(['queued', 'failed'])
})

it.each([
  { state: 'queued,done' },
  { sort: 'name' },
  { direction: 'up' },
  { is_archived: 'yes' },
  { is_archived: '1' },
  { since: 'yesterday' },
  { since: '2026-13-01T00:00:00Z' },
])('refuses the filter %j', (query) => {
  expect(TaskListQuery.safeParse(query).success).toBe(false)
})

it.each(['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.678Z', '2026-01-02T03:04:05+02:00'])(
  'takes tasks since %s',
  (since) => {
    expect(TaskListQuery.parse({ since }).since).toBe(since)
  },
)

it('takes creators by number only, and only in the list of a repository', () => {
  expect(RepoTaskListQuery.parse({ creator_id: ['1', '2'] }).creator_id).toEqual([1, 2])
  expect(RepoTaskListQuery.safeParse({ creator_id: ['me'] }).success).toBe(false)
  expect(TaskListQuery.parse({ creator_id: ['1'] })).not.toHaveProperty('creator_id')
})

it('lists up to a thousand events, from the beginning or after one', () => {
  expect(EventListQuery.parse({})).toEqual({ per_page: 100, page: 1 })
  expect(EventListQuery.parse({ per_page: '1000', after: '7' })).toMatchObject({
    per_page: 1000,
    after: 7,
  })
  expect(EventListQuery.safeParse({ after: '-1' }).success).toBe(false)
})

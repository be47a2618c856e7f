import { describe, expect, it } from 'vitest'
import { linkHeader, readPage } from './link-header.ts'

describe('the Link header', () => {
  const url = new URL('http://host/api/v3/repos/a/b/commits?sha=x&per_page=2&page=2')
  const rels = (page: number, total: number) =>
    Object.fromEntries(
      [
        ...(linkHeader(url, { page, perPage: 2, total }) ?? '').matchAll(/<([^>]*)>; rel="(\w+)"/g),
      ].map(([, href = '', rel = '']) => [rel, new URL(href).searchParams.get('page')]),
    )

  it.each([
    [1, 0, {}],
    [1, 2, {}],
    [1, 5, { next: '2', last: '3' }],
    [2, 5, { prev: '1', next: '3', last: '3', first: '1' }],
    [3, 5, { prev: '2', first: '1' }],
    [9, 5, { prev: '3', first: '1' }],
  ])('of page %i of %i things', (page, total, expected) => {
    expect(rels(page, total)).toEqual(expected)
  })

  it('keeps address, prefix and all other parameters', () => {
    expect(linkHeader(url, { page: 1, perPage: 2, total: 3 })).toContain(
      '<http://host/api/v3/repos/a/b/commits?sha=x&per_page=2&page=2>; rel="next"',
    )
  })
})

it.each([
  [{}, { page: 1, perPage: 30, skip: 0 }],
  [
    { page: '3', per_page: '10' },
    { page: 3, perPage: 10, skip: 20 },
  ],
  [{ per_page: '1000' }, { page: 1, perPage: 100, skip: 0 }],
  [
    { page: '0', per_page: '-1' },
    { page: 1, perPage: 30, skip: 0 },
  ],
  [
    { page: 'x', per_page: ['1', '2'] },
    { page: 1, perPage: 30, skip: 0 },
  ],
  [{ page: '99999999999999999999' }, { page: 1, perPage: 30, skip: 0 }],
])('a page is read from %j', (query, page) => {
  expect(readPage(query)).toEqual(page)
})

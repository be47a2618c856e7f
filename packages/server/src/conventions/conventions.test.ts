import { ErrandError, RepoTaskListQuery } from '@errand/contract'
import { describe, expect, it } from 'vitest'
import { readToken } from '../auth/credentials.ts'
import { selectApiVersion } from './api-version.ts'
import { etagOf, matchesEtag } from './etag.ts'
import { linkHeader } from './link-header.ts'
import { readQuery } from './query.ts'
import { createRequestId } from './request-id.ts'

describe('the Link header', () => {
  const url = 'http://host/agents/tasks?state=queued&page=2'

  it('names first and next while there are more pages, and prev after the first', () => {
    expect(linkHeader(url, { page: 2, per_page: 10, has_more: true })).toBe(
      '<http://host/agents/tasks?state=queued&page=1&per_page=10>; rel="prev", ' +
        '<http://host/agents/tasks?state=queued&page=3&per_page=10>; rel="next", ' +
        '<http://host/agents/tasks?state=queued&page=1&per_page=10>; rel="first"',
    )
  })

  it('names last only on the last page', () => {
    const last = linkHeader(url, { page: 2, per_page: 10, has_more: false })

    expect(last).toContain('page=2&per_page=10>; rel="last"')
    expect(last).not.toContain('rel="next"')
  })
})

describe('an array in a query', () => {
  it.each([
    ['creator_id=1&creator_id=2', ['1', '2']],
    ['creator_id[]=1&creator_id[]=2', ['1', '2']],
    ['creator_id%5B%5D=1', ['1']],
    ['creator_id=1,2', ['1', '2']],
  ])('is read from %s', (search, ids) => {
    expect(readQuery(RepoTaskListQuery, new URLSearchParams(search))).toEqual({ creator_id: ids })
  })

  it('is not made of a field that takes one value: the last counts', () => {
    const query = readQuery(RepoTaskListQuery, new URLSearchParams('page=1&page=3&since='))

    expect(query).toEqual({ page: '3' })
  })
})

describe('the authorization header', () => {
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

  it.each([
    ['Bearer abc', 'abc'],
    ['bearer abc', 'abc'],
    ['token abc', 'abc'],
    ['TOKEN abc', 'abc'],
    [basic('x-access-token:abc'), 'abc'],
    [basic('abc:'), 'abc'],
    [basic('abc:x-oauth-basic'), 'abc'],
    [basic('me:a:b'), 'a:b'],
    [basic(':'), undefined],
    ['Digest abc', undefined],
    ['Bearer', undefined],
    [undefined, undefined],
  ])('%s holds the token %s', (header, token) => {
    expect(readToken(header)).toBe(token)
  })
})

describe('the API version', () => {
  it.each([[undefined], ['2022-11-28'], ['2026-03-10']])('%s is answered', (version) => {
    expect(selectApiVersion(version)).toBe(version ?? '2022-11-28')
  })

  it('that is unknown is refused with 400', () => {
    expect(() => selectApiVersion('2020-01-01')).toThrowError(
      new ErrandError('unsupported_version'),
    )
  })
})

describe('If-None-Match', () => {
  const etag = etagOf('body')

  it.each([[etag], [etag.replace('W/', '')], [`"x", ${etag}`], ['*']])(
    '%s matches weakly',
    (header) => {
      expect(matchesEtag(header, etag)).toBe(true)
    },
  )

  it.each([[undefined], ['"x"'], [etagOf('other')]])('%s does not match', (header) => {
    expect(matchesEtag(header, etag)).toBe(false)
  })
})

it('gives each request an id in GitHub’s form', () => {
  expect(createRequestId()).toMatch(/^[0-9A-F]+(:[0-9A-F]+){4}$/)
})

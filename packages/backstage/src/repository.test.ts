import { expect, it } from 'vitest'
import { parseRepository } from './repository.ts'

it.each([
  ['github.com?owner=acme&repo=shop', { host: 'github.com', owner: 'acme', fullName: 'acme/shop' }],
  ['ghe.local:8443?repo=a.b&owner=x', { host: 'ghe.local:8443', owner: 'x', fullName: 'x/a.b' }],
  ['acme/shop', { owner: 'acme', fullName: 'acme/shop' }],
])('reads %s', (text, repository) => {
  expect(parseRepository('repoUrl', text)).toEqual(repository)
})

it.each([
  '',
  'acme',
  'a/b/c',
  'github.com?owner=acme',
  'h?owner=a&repo=../b',
  'https://x/y?a',
  '?a',
])('refuses %j and names the field', (text) => {
  expect(() => parseRepository('repoUrl', text)).toThrow(/^repoUrl is /)
})

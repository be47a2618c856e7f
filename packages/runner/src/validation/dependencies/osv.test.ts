import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { comparePythonVersions } from './compare-python-versions.ts'
import { isAffected } from './is-affected.ts'
import { openOsvApi } from './osv-api.ts'
import { openOsvFolder } from './osv-folder.ts'
import { OsvRecord, severityOf } from './osv-record.ts'
import type { Package } from './package.ts'

const { signal } = new AbortController()
let dir: string
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'errand-osv-'))
})
afterAll(() => rm(dir, { recursive: true, force: true }))

const npm = (name: string, version: string): Package => ({ ecosystem: 'npm', name, version })

function recordOf(id: string, affected: object, more: object = {}): OsvRecord {
  return OsvRecord.parse({ id, affected: [affected], ...more })
}

describe('a version is affected', () => {
  const range = (...events: object[]): object => ({ ranges: [{ type: 'SEMVER', events }] })
  it.each([
    [range({ introduced: '0' }, { fixed: '1.2.0' }), '1.1.9', true],
    [range({ introduced: '0' }, { fixed: '1.2.0' }), '1.2.0', false],
    [range({ introduced: '0' }, { fixed: '1.2.0' }), '1.2.0-rc.1', true],
    [range({ introduced: '1.0.0' }, { last_affected: '1.2.0' }), '1.2.0', true],
    [range({ introduced: '1.0.0' }, { last_affected: '1.2.0' }), '1.2.1', false],
    [
      range({ fixed: '3.1.0' }, { introduced: '3.0.0' }, { introduced: '0' }, { fixed: '2.0.0' }),
      '3.0.5',
      true,
    ],
    [
      range({ fixed: '3.1.0' }, { introduced: '3.0.0' }, { introduced: '0' }, { fixed: '2.0.0' }),
      '2.5.0',
      false,
    ],
    [range({ introduced: '0' }), 'not-a-version', true],
    [range({ introduced: '1.0.0' }), 'not-a-version', false],
    [{ versions: ['weird'] }, 'weird', true],
    [{ ranges: [{ type: 'GIT', events: [{ introduced: '0' }] }] }, '1.0.0', false],
  ])('by %j: %s', (affected, version, isIt) => {
    const named = { package: { ecosystem: 'npm', name: 'a' }, ...affected }
    expect(isAffected(recordOf('X-1', named), npm('a', version))).toBe(isIt)
  })

  it('not by a record that was withdrawn, or is about another package', () => {
    const affected = { package: { ecosystem: 'npm', name: 'a' }, versions: ['1'] }
    expect(isAffected(recordOf('X-1', affected, { withdrawn: '2020' }), npm('a', '1'))).toBe(false)
    expect(isAffected(recordOf('X-1', affected), npm('b', '1'))).toBe(false)
  })
})

it('orders Python versions as PEP 440 does', () => {
  const ordered = [
    '1.dev1',
    '1a1',
    '1b2.dev3',
    '1b2',
    '1rc1',
    '1',
    '1.0.post1.dev1',
    '1.0.post1',
    '1.0.1',
    '1.10',
    '2!0.1',
  ]
  const shuffled = ordered.toReversed()
  expect(shuffled.toSorted((a, b) => comparePythonVersions(a, b) ?? 0)).toEqual(ordered)
  expect(comparePythonVersions('1.0', '1.0.0+local')).toBe(0)
  expect(comparePythonVersions('1.0', 'latest')).toBeUndefined()
})

it('takes malware for the worst, and another word for what it says', () => {
  const affected = { package: { ecosystem: 'npm', name: 'a' } }
  expect(severityOf(recordOf('MAL-2024-1', affected))).toBe('critical')
  const moderate = { database_specific: { severity: 'MODERATE' } }
  expect(severityOf(recordOf('GHSA-1', affected, moderate))).toBe('medium')
})

it('finds records in a folder, by an index that follows it', async () => {
  const folder = join(dir, 'folder')
  const cache = join(dir, 'cache')
  await mkdir(join(folder, 'npm'), { recursive: true })
  const record = {
    id: 'GHSA-1',
    affected: [{ package: { ecosystem: 'npm', name: 'a' }, versions: ['1.0.0'] }],
  }
  await writeFile(join(folder, 'npm', 'GHSA-1.json'), JSON.stringify(record))
  await writeFile(join(folder, 'broken.json'), '{')
  const find = async (): Promise<string[]> => {
    const records = await openOsvFolder(folder, cache, signal).find([
      npm('a', '1.0.0'),
      npm('b', '1.0.0'),
    ])
    return records.flat().map(({ id }) => id)
  }

  expect(await find()).toEqual(['GHSA-1'])
  expect(await find()).toEqual(['GHSA-1'])
  await writeFile(join(folder, 'npm', 'MAL-1.json'), JSON.stringify({ ...record, id: 'MAL-1' }))
  expect(await find()).toEqual(['GHSA-1', 'MAL-1'])
  expect(await readdir(cache)).toHaveLength(1)
})

describe('an API', () => {
  const asked: string[] = []
  let answers: Record<string, unknown> = {}
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      asked.push(`${request.method} ${request.url} ${body}`)
      const answer = answers[request.url ?? '']
      response.writeHead(answer === undefined ? 500 : 200).end(JSON.stringify(answer ?? {}))
    })
  })
  let url: string
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    // It listens on TCP: its address has a port.
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  })
  afterAll(() => void server.close())

  it('is asked for all packages at once, and for a record only when it has changed', async () => {
    const record = { id: 'GHSA-1', modified: '2024', summary: 'Bad' }
    answers = {
      '/v1/querybatch': { results: [{ vulns: [{ id: 'GHSA-1', modified: '2024' }] }, {}] },
      '/v1/vulns/GHSA-1': record,
    }
    const find = (): Promise<OsvRecord[][]> =>
      openOsvApi(url, join(dir, 'api'), signal).find([npm('a', '1.0.0'), npm('b', '2.0.0')])

    expect(await find()).toMatchObject([[record], []])
    expect(await find()).toMatchObject([[record], []])
    const query = JSON.stringify({
      queries: [
        { package: { ecosystem: 'npm', name: 'a' }, version: '1.0.0' },
        { package: { ecosystem: 'npm', name: 'b' }, version: '2.0.0' },
      ],
    })
    const batch = `POST /v1/querybatch ${query}`
    expect(asked).toEqual([batch, 'GET /v1/vulns/GHSA-1 ', batch])
  })

  it.each([
    ['that answers something else', { '/v1/querybatch': { results: [{ vulns: 'x' }] } }],
    [
      'that names a record by a path',
      { '/v1/querybatch': { results: [{ vulns: [{ id: '../../x' }] }] } },
    ],
    ['that leaves queries out', { '/v1/querybatch': { results: [] } }],
    ['that fails', {}],
  ])('%s is told of', async (_, given) => {
    answers = given
    await expect(openOsvApi(url, join(dir, 'api'), signal).find([npm('a', '1')])).rejects.toThrow(
      /the OSV database/,
    )
  })
})

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { canWrite, type Caller, type RepositoryAccess } from '@errand/contract'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createGitHubForge } from './github.ts'

// Work in a user's name, without a token of theirs: what GitHub is asked, and what is made of its answers.

let server: Server
let apiUrl: string
let answers: Record<string, unknown>
let asked: { url: string; authorization: string | undefined }[]

const repository = {
  id: 10,
  name: 'shop',
  full_name: 'acme/shop',
  html_url: 'https://github.test/acme/shop',
  private: true,
  default_branch: 'main',
  owner: { id: 2, login: 'acme', type: 'Organization' },
  // Of the account whose token it is, not of the user.
  permissions: { admin: true },
}
const alice = { id: 1, login: 'alice', type: 'User' }

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = request.url ?? ''
    asked.push({ url, authorization: request.headers.authorization })
    const body = answers[url]
    response.writeHead(body === undefined ? 404 : 200).end(JSON.stringify(body ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => server?.close())
beforeEach(() => {
  asked = []
  answers = { '/user/1': alice, '/repositories/10': repository }
})

const forge = () => createGitHubForge({ apiUrl, automationToken: 'of-the-service' })

async function actForAlice(): Promise<Caller> {
  const caller = await forge().actFor({ id: 1 })
  if (caller === undefined) throw new Error('alice is gone')
  return caller
}

describe('a caller in whose name something is done', () => {
  it('is known by id, under the present login, and asked for with the token of the settings', async () => {
    answers['/user/1'] = { ...alice, login: 'alice-smith' }

    const caller = await actForAlice()

    expect(caller.user.login).toBe('alice-smith')
    expect(asked).toEqual([{ url: '/user/1', authorization: 'Bearer of-the-service' }])
  })

  it('is not there when the account is gone', async () => {
    expect(await forge().actFor({ id: 7 })).toBeUndefined()
  })

  it('is refused where the settings name no token, by the setting', async () => {
    await expect(createGitHubForge({ apiUrl }).actFor({ id: 1 })).rejects.toThrow(
      /automations\.token_env/,
    )
    expect(asked).toEqual([])
  })

  it.each([
    [{ permission: 'admin', role_name: 'admin' }, 'admin'],
    [{ permission: 'write', role_name: 'maintain' }, 'maintain'],
    [{ permission: 'write', role_name: 'a role of the company' }, 'write'],
    [{ permission: 'read', role_name: 'triage' }, 'triage'],
    [{ permission: 'read' }, 'read'],
    [{ permission: 'none', role_name: 'none' }, undefined],
    [undefined, undefined],
  ])('may what %j says, never what the token may: %s', async (answer, permission) => {
    answers['/repos/acme/shop/collaborators/alice/permission'] = answer
    const caller = await actForAlice()

    const found = await forge().repositoryById(caller, 10)

    expect(found?.permission).toBe(permission)
    expect(found !== undefined && canWrite(found)).toBe(
      ['admin', 'maintain', 'write'].includes(permission ?? ''),
    )
  })
})

it('open pull requests are those of the repository itself, from all pages', async () => {
  const pull = (number: number, from: string | null) => ({
    id: number,
    number,
    html_url: `https://github.test/acme/shop/pull/${number}`,
    state: 'open',
    title: 'Release',
    body: null,
    head: { ref: `b${number}`, repo: from === null ? null : { full_name: from } },
    base: { ref: 'main' },
    user: null,
  })
  const page = (number: number) =>
    `/repos/acme/shop/pulls?state=open&base=main&per_page=100&page=${number}`
  answers[page(1)] = Array.from({ length: 100 }, (_, n) => pull(n + 1, 'mallory/shop'))
  answers[page(2)] = [pull(101, 'Acme/shop'), pull(102, null)]
  const caller = await actForAlice()

  const access = { ...repository, permission: 'write', archived: false, renamed: false }
  const found = await forge().openPulls(caller, access as RepositoryAccess, 'main')

  expect(found.map(({ number }) => number)).toEqual([101])
})

import { type IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createCheckout } from '../testing/create-checkout.ts'
import { GitFailed } from './git.ts'
import { serveGit } from './http-backend.ts'

/** A body that ends before its time, as it does for git when the server is killed. */
function brokenOff(path: string, text: string): IncomingMessage {
  const headers = {
    'content-type': `application/x-${path}-request`,
    'content-length': String(text.length + 1000),
  }
  const body = Readable.from([Buffer.from(text)])
  // What of a request is looked at.
  return Object.assign(body, { method: 'POST', headers, socket: {} }) as never
}

it('git is not started for a client that has left already: nobody would end it', async () => {
  await using checkout = await createCheckout()
  await checkout.commit('one', { file: 'text' })
  const request = brokenOff('git-upload-pack', '0094')
  const response = new ServerResponse(request)
  response.destroy()
  let isDone = false

  await serveGit(request, response, {
    gitDir: checkout.gitDir,
    path: 'git-upload-pack',
    query: '',
    user: 'alice',
    pushLimitBytes: 1_000_000,
    beforeEnd: async () => void (isDone = true),
  })

  expect(isDone).toBe(false)
})

describe('git, when a body ends before its time,', () => {
  it.each(['git-receive-pack', 'git-upload-pack'])(
    'ends %s as well',
    async (path) => {
      await using checkout = await createCheckout()
      await checkout.commit('one', { file: 'text' })
      const request = brokenOff(path, '0094')
      const service = {
        gitDir: join(checkout.gitDir),
        path,
        query: '',
        user: 'alice',
        pushLimitBytes: 1_000_000,
      }

      const served = serveGit(request, new ServerResponse(request), service)

      await expect(served).rejects.toThrow(GitFailed)
    },
    20_000,
  )
})

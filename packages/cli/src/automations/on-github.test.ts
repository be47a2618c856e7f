import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { runCli } from '../testing/run-cli.ts'

// GitHub's paths and answers, as far as they are known: no models, no history, no field beyond its own.

let server: Server
let url: string
let created: { path: string; body: Record<string, unknown> }[]

const summary = {
  id: '0b5a8f0e-6c1e-4c7e-9a53-2f1a5f6f3b11',
  name: 'release',
  enabled: true,
  triggers: { interval: { cadence: ['weekly'], hour_utc: 7, minute_utc: 0, day_of_week: 1 } },
  repository: { id: 1, full_name: 'me/shop' },
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const { method, url: path = '' } = request
    const send = (status: number, body: unknown) =>
      response.writeHead(status).end(JSON.stringify(body))
    const automations = '/agents/repos/me/shop/automations'
    if (path === '/repos/me/shop') return send(200, { default_branch: 'trunk' })
    if (method === 'GET' && path.startsWith(`${automations}?`)) {
      return send(200, { automations: [summary] })
    }
    if (method === 'POST' && path.startsWith(automations)) {
      return void json(request).then((body) => {
        // What was sent is an object: the client sends nothing else.
        created.push({ path, body: body as Record<string, unknown> })
        if (path.endsWith('/tasks')) send(202, { automation_id: summary.id, event: 'manual' })
        else send(201, { ...summary, ...(body as object) })
      })
    }
    return send(404, { message: 'Not Found' })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})
beforeEach(() => (created = []))

const automation = (...args: string[]) =>
  runCli(['automation', ...args, '-R', 'me/shop'], {
    environment: { ERRAND_URL: url, ERRAND_TOKEN: 'ghp_token' },
  })

it('a weekly release is asked for in words, with an interval and nothing beyond GitHub', async () => {
  const at = ['--every', 'weekly', '--day', 'mon', '--hour', '7']
  const { out, err, code } = await automation('create', '--template', 'release', ...at)

  expect([out, code]).toEqual([`${summary.id}\n`, 0])
  expect(err).toBe('release: runs Mondays at 07:00 UTC\n')
  expect(created).toEqual([
    {
      path: '/agents/repos/me/shop/automations',
      body: {
        name: 'release',
        description: '',
        prompt: expect.stringContaining('trunk'),
        triggers: summary.triggers,
      },
    },
  ])
  expect(created[0]?.body.prompt).not.toContain('#!')
})

it('an automation is listed and run, but its history is not known, nor its run waited for', async () => {
  const listed = await automation('list')
  const ran = await automation('run', 'release')
  const waited = await automation('run', 'release', '--wait')
  const history = await automation('history', 'release')

  expect(listed.out).toContain('Mondays at 07:00 UTC')
  expect(ran).toMatchObject({ out: 'release: it runs.\n', code: 0 })
  expect(created[0]).toEqual({
    path: `/agents/repos/me/shop/automations/${summary.id}/tasks`,
    body: { event: 'manual' },
  })
  expect(waited.err).toContain('--wait needs a server that tells of its runs')
  expect(history.err).toContain("GitHub's API has no such operation")
})

import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

import { firewallPort } from '../index.ts'
import { openTestBox, type TestBox } from '../testing/open-test-box.ts'

let test: TestBox
let host: Server
let received: string
let socketPath: string

beforeEach(async () => {
  test = await openTestBox()
  received = ''
  socketPath = join(test.folder, 'way.sock')
  host = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      received += String(chunk)
      socket.end('HTTP/1.1 200 OK\r\n\r\nlet through')
    })
  })
  await new Promise<void>((resolve) => host.listen(socketPath, resolve))
})

afterEach(async () => {
  host.close()
  await test[Symbol.asyncDispose]()
})

it('is there for the program it was given to, which is told of by its command line', async () => {
  const forwards = [{ port: firewallPort, socketPath, tellsCommand: true }]

  const result = await test.sh(`curl -sS http://127.0.0.1:${firewallPort}/asked`, { forwards })

  expect(result.stdout).toBe('let through')
  const [line = '', request] = received.split('\n')
  expect(JSON.parse(line)).toEqual({
    command: `curl -sS http://127.0.0.1:${firewallPort}/asked`,
  })
  expect(request).toBe('GET /asked HTTP/1.1\r')
})

it('is not there for another program of the same box, by no port and no file', async () => {
  const script = `curl -sS -m 5 http://127.0.0.1:${firewallPort}/ 2>&1; ls /run/errand 2>&1`

  const [command, agent] = await Promise.all([test.sh(script), test.agent(script)])

  expect(command.stdout).toMatch(/(Failed|Could not) to connect/i)
  expect(agent.stdout).not.toContain(`${firewallPort}.sock`)
  expect(received).toBe('')
})

it('keeps to the time and the output a command with a way out may have', async () => {
  const forwards = [{ port: firewallPort, socketPath }]

  const late = await test.sh('sleep 60', { forwards, timeoutMs: 500 })
  const long = await test.sh('yes | head -c 100000', { forwards, maxOutputBytes: 1000 })
  const failed = await test.sh('exit 7', { forwards })

  expect(late).toMatchObject({ reason: 'wall_clock' })
  expect(long).toMatchObject({ code: 0, truncated: true })
  expect(long.stdout).toHaveLength(1000)
  expect(failed.code).toBe(7)
})

import { once } from 'node:events'
import { type FileHandle, mkdir, open as openFile } from 'node:fs/promises'
import {
  createServer,
  type IncomingMessage,
  request as requestHttp,
  type RequestOptions,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename, join } from 'node:path'
import { buffer, text } from 'node:stream/consumers'

import { type Settings, Settings as SettingsSchema } from '@errand/contract'
import { subjectOf } from '@errand/core'
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'

import { openAgentNotes } from '../agent-notes.ts'
import { openCatalogue } from '../gateway/catalogue.ts'
import { type Gateway, type GatewayOptions, openGateway } from '../gateway/open-gateway.ts'
import { openTestRun, type TestRun } from './open-test-run.ts'

/** A call as the upstream has it. */
export interface UpstreamCall {
  url: string | undefined
  headers: IncomingMessage['headers']
  body: Buffer
}

export type Answer = (response: ServerResponse, call: UpstreamCall) => void

/** The gateway of a session, before an upstream that answers as a test says. */
export interface GatewayStage {
  testRun: TestRun
  gateway: Gateway
  upstreamUrl: string
  /** What the upstream does with the next calls. Default: an empty object. */
  answer: Answer
  calls: UpstreamCall[]
  /** Questions that were asked of the user. */
  asked: unknown[]
  /** How long was waited before calls were sent again, in ms; nothing really waits. */
  pauses: number[]
  /** Opens the gateway for a session of that model. */
  open: (model: string, options?: { settings?: object } & Partial<GatewayOptions>) => Promise<void>
  /** As the forwarder in the box does it: over the socket. The path is below the session's token. */
  send: (
    path: string,
    body: string | Buffer | undefined,
    options?: RequestOptions,
  ) => Promise<IncomingMessage>
  post: (
    path: string,
    body: object | string,
    options?: RequestOptions,
  ) => Promise<{ status: number | undefined; headers: IncomingMessage['headers']; text: string }>
  /** The socket's own path is too long to be named: by way of its open folder it is not. */
  socketPath: () => string
  /** Closes the gateway, and gives what it has counted, request by request. */
  usage: () => Promise<Record<string, unknown>[]>
}

/** The key that the variable KEY holds. */
export const upstreamKey = 'sk-secret-of-the-upstream'

/**
 * Sets the stage for the tests of a file.
 *
 * @param settingsFor of the upstream's URL, and more
 */
export function useGateway(settingsFor: (upstreamUrl: string) => object): GatewayStage {
  // Filled before each test, and by `open`.
  const stage = {} as GatewayStage
  let upstream: Server
  let folder: FileHandle | undefined

  beforeAll(async () => {
    upstream = await startUpstream(stage)
    stage.upstreamUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    stage.testRun = await openTestRun(
      { prompt: 'p' },
      { secrets: { KEY: upstreamKey }, settings: settingsFor(stage.upstreamUrl) },
    )
  })
  afterAll(async () => {
    await stage.testRun?.[Symbol.asyncDispose]()
    upstream.closeAllConnections()
    upstream.close()
  })
  beforeEach(() => {
    stage.calls = []
    stage.asked = []
    stage.pauses = []
    stage.answer = (response) => response.end('{}')
  })
  afterEach(async () => {
    await stage.gateway?.[Symbol.asyncDispose]()
    await folder?.close()
    folder = undefined
  })

  async function open(
    model: string,
    { settings: changed, ...options }: { settings?: object } & Partial<GatewayOptions> = {},
  ): Promise<void> {
    const { run, test } = stage.testRun
    const runDir = join(test.dataDir, `${'deep/'.repeat(40)}run`)
    await mkdir(runDir, { recursive: true })
    await stage.gateway?.[Symbol.asyncDispose]()
    await folder?.close()
    folder = await openFile(runDir, 'r')
    const settings: Settings =
      changed === undefined ? test.settings : SettingsSchema.parse({ ...test.settings, ...changed })
    // Another context has not found out anything of the upstreams yet.
    const context = { ...run.context, settings }
    stage.gateway = await openGateway(
      { ...run, context },
      {
        runDir,
        catalogue: await openCatalogue(
          settings,
          model,
          subjectOf(run.lease.task, run.lease.session),
        ),
        onQuestion: (question) => {
          stage.asked.push(question)
          return Promise.resolve('q-1')
        },
        onUsedUp: () => Promise.reject(new Error('not used up')),
        notes: openAgentNotes(),
        pause: (ms) => {
          stage.pauses.push(ms)
          return Promise.resolve()
        },
        ...options,
      },
    )
  }

  const socketPath = (): string =>
    `/proc/self/fd/${folder?.fd}/${basename(stage.gateway.socketPath)}`
  const send: GatewayStage['send'] = (path, body, options = {}) => {
    const { pathname } = new URL(stage.gateway.url)
    const where = { socketPath: socketPath(), path: `${pathname}${path}` }
    return request(body, { ...where, method: body === undefined ? 'GET' : 'POST', ...options })
  }

  return Object.assign(stage, {
    open,
    send,
    socketPath,
    async post(path: string, body: object | string, options?: RequestOptions) {
      const sent = typeof body === 'string' ? body : JSON.stringify(body)
      const response = await send(path, sent, options)
      return { status: response.statusCode, headers: response.headers, text: await text(response) }
    },
    async usage() {
      const { run, test } = stage.testRun
      await stage.gateway[Symbol.asyncDispose]()
      await run.recorder.flush()
      const events = await test.events(run.lease.task.id)
      return events.filter(({ type }) => type === 'assistant.usage').map(({ data }) => data)
    },
  })
}

async function startUpstream(stage: GatewayStage): Promise<Server> {
  const upstream = createServer((asked, response) => {
    void buffer(asked).then((body) => {
      const call = { url: asked.url, headers: asked.headers, body }
      stage.calls.push(call)
      stage.answer(response, call)
    })
  })
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  return upstream
}

function request(
  body: string | Buffer | undefined,
  options: RequestOptions,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const sent = requestHttp(options)
    sent.once('response', resolve)
    sent.once('error', reject)
    sent.end(body)
  })
}

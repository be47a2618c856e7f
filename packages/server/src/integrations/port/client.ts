import { z } from 'zod'

/** What Port's API may be told of a run (docs.port.io, "Update an action run"). */
export interface RunDetails {
  status?: 'SUCCESS' | 'FAILURE'
  statusLabel?: string
  link?: string[]
  summary?: string
  externalRunId?: string
}

export interface PortClient {
  /** Adds an entry to the run's log. */
  addLog(runId: string, message: string, signal: AbortSignal): Promise<void>
  /** A status ends the run: Port takes nothing more for it then. */
  updateRun(runId: string, details: RunDetails, signal: AbortSignal): Promise<void>
  /** Whether the run still takes something. Somebody may have ended it in Port. */
  isOpen(runId: string, signal: AbortSignal): Promise<boolean>
}

/** Port did not take what it was told. */
export class PortError extends Error {
  /** Undefined where there was no answer at all. */
  readonly status: number | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(
    message: string,
    options: { status?: number; retryAfterSeconds?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.name = 'PortError'
    this.status = options.status
    this.retryAfterSeconds = options.retryAfterSeconds
  }

  /** There is no such run any more. */
  get isGone(): boolean {
    return this.status === 404 || this.status === 410
  }

  /** Port will say the same of it tomorrow: it does not like what it was told, or the run has ended. */
  get isRefusal(): boolean {
    return this.status !== undefined && [400, 409, 413, 422].includes(this.status)
  }
}

const Run = z.object({ run: z.object({ status: z.string() }) })
const AccessToken = z.object({ accessToken: z.string(), expiresIn: z.number().default(3600) })

/** For all of a call, a new access token included. */
const callTimeoutMs = 10_000

/** Renewed this long before its time: a request takes a while. */
const renewBeforeMs = 60_000

/** Port's REST API, as far as a run's backend needs it. The access token is kept in memory alone. */
export function createPortClient(options: {
  baseUrl: string
  clientId: string
  clientSecret: string
}): PortClient {
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  let token: { value: string; until: number } | undefined

  async function ask(
    method: string,
    path: string,
    body: object | undefined,
    signal: AbortSignal,
    authorization?: string,
  ): Promise<Response> {
    try {
      return await fetch(`${baseUrl}${path}`, {
        method,
        headers: {
          'content-type': 'application/json',
          'user-agent': 'errand',
          ...(authorization === undefined ? {} : { authorization }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: 'error',
        signal,
      })
    } catch (cause) {
      throw new PortError(`${method} ${path}: Port cannot be reached`, { cause })
    }
  }

  async function accessToken(signal: AbortSignal): Promise<string> {
    if (token !== undefined && token.until > Date.now()) return token.value
    const path = '/v1/auth/access_token'
    const { clientId, clientSecret } = options
    const response = await ask('POST', path, { clientId, clientSecret }, signal)
    if (!response.ok) throw await refusalOf(response, 'POST', path)
    const parsed = AccessToken.safeParse(await response.json().catch(() => undefined))
    if (!parsed.success) throw new PortError(`POST ${path}: Port gave no token`)
    const lifeMs = parsed.data.expiresIn * 1000
    token = { value: parsed.data.accessToken, until: Date.now() + lifeMs - renewBeforeMs }
    return token.value
  }

  async function call(
    method: string,
    path: string,
    body: object | undefined,
    stop: AbortSignal,
  ): Promise<unknown> {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(callTimeoutMs)])
    let response = await ask(method, path, body, signal, `Bearer ${await accessToken(signal)}`)
    if (response.status === 401) {
      // Taken back before its time.
      await response.body?.cancel()
      token = undefined
      response = await ask(method, path, body, signal, `Bearer ${await accessToken(signal)}`)
    }
    if (!response.ok) throw await refusalOf(response, method, path)
    try {
      return await response.json()
    } catch (cause) {
      if (cause instanceof SyntaxError) return undefined
      throw new PortError(`${method} ${path}: Port's answer broke off`, { cause })
    }
  }

  const pathOf = (runId: string) => `/v1/actions/runs/${encodeURIComponent(runId)}`
  return {
    async addLog(runId, message, signal) {
      await call('POST', `${pathOf(runId)}/logs`, { message }, signal)
    },
    async updateRun(runId, details, signal) {
      await call('PATCH', pathOf(runId), details, signal)
    },
    async isOpen(runId, signal) {
      const answer = Run.safeParse(
        await call('GET', `${pathOf(runId)}?version=v2`, undefined, signal),
      )
      if (!answer.success) throw new PortError(`GET ${pathOf(runId)}: Port answered without a run`)
      return !['SUCCESS', 'FAILURE'].includes(answer.data.run.status)
    },
  }
}

/** What Port says of it is not repeated: it might hold what was sent. */
async function refusalOf(response: Response, method: string, path: string): Promise<PortError> {
  await response.body?.cancel()
  const after = Number(response.headers.get('retry-after') ?? Number.NaN)
  return new PortError(`${method} ${path}: Port answered ${response.status}`, {
    status: response.status,
    ...(after >= 0 ? { retryAfterSeconds: after } : {}),
  })
}

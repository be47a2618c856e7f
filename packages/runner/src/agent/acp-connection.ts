import { setTimeout as delay } from 'node:timers/promises'

import {
  client,
  type CreateElicitationResponse,
  MessageTooLargeError,
  RequestError,
  type RequestPermissionResponse,
} from '@agentclientprotocol/sdk'
import { z } from 'zod'

import { RunStopped, SessionFailed } from '../failures.ts'
import { type HookReply, HookRequest } from '../hooks/agent-hooks.ts'
import { printable } from '../printable.ts'
import type { Run } from '../run/run.ts'
import { longestMessageBytes, openAcpStream } from './acp-stream.ts'
import type { AgentProcess } from './agent-process.ts'
import { PermissionRequest } from './answer-permission.ts'

/** What an agent may want from us while it works. */
export interface AgentHandlers {
  /** Must not throw. */
  onUpdate(update: unknown): void
  /** Asks the user. Resolves with what fits the form asked for. */
  onElicitation(question: AgentQuestion): Promise<CreateElicitationResponse>
  /** Wants to know whether it may use a tool. */
  onPermissionRequest(request: PermissionRequest): Promise<RequestPermissionResponse>
  /** Tells of what hooks are to hear before it goes on. */
  onHook(request: HookRequest): Promise<HookReply>
}

export interface AgentQuestion {
  message: string
  requestedSchema?: unknown
}

export interface AcpConnection {
  /**
   * Sends a request and waits for its answer, for as long as the agent lives and the run goes on.
   *
   * @throws SessionFailed agent_failed or model_failed if the agent says no; agent_protocol,
   *   agent_crashed or a limit of the box if it can say nothing any more, and it is ended then
   */
  request<T>(
    method: string,
    params: object,
    answer: z.ZodType<T>,
    options?: { timeoutMs?: number },
  ): Promise<T>
  /** Tells the agent something that has no answer. Whether it hears is not known. */
  notify(method: string, params: object): Promise<void>
  close(): void
}

/** How long what an agent said last may take to be read after it has ended. */
const unreadMs = 2000

export function connectAgent(
  run: Run,
  agentName: string,
  process: AgentProcess,
  handlers: AgentHandlers,
): AcpConnection {
  const stream = openAcpStream(process.boxed, (params) => {
    handlers.onUpdate(z.object({ update: z.unknown() }).safeParse(params).data?.update)
  })
  const connection = client({ name: 'errand' })
    .onRequest('session/request_permission', PermissionRequest, ({ params }) =>
      handlers.onPermissionRequest(params),
    )
    .onRequest('elicitation/create', ElicitationRequest, ({ params }) =>
      params.mode === 'form' ? handlers.onElicitation(params) : { action: 'decline' },
    )
    .onRequest('_errand/hook', HookRequest, ({ params }) => handlers.onHook(params))
    .connect(stream)
  const protocolError = (what: string, cause?: unknown): SessionFailed =>
    new SessionFailed('agent_protocol', `The agent ${agentName} ${what}.`, cause)

  async function explain(error: unknown, method: string): Promise<unknown> {
    run.signal.throwIfAborted()
    if (error instanceof SessionFailed || error instanceof RunStopped) return error
    if (error instanceof RequestError) return saidNo(agentName, error)
    if (error instanceof z.ZodError) {
      return protocolError(`answered ${method} in a form that is not ACP's`, error)
    }
    if (error instanceof MessageTooLargeError) {
      return protocolError(`sent a message of more than ${longestMessageBytes} bytes`, error)
    }
    return await process.explainEnd()
  }

  return {
    async request(method, params, answer, { timeoutMs } = {}) {
      const over = new AbortController()
      try {
        const answered = await Promise.race([
          connection.agent.request(method, params),
          rejectAfterEnd(process),
          ...(timeoutMs === undefined
            ? []
            : [rejectAfter(timeoutMs, over.signal, protocolError(`did not answer ${method}`))]),
        ])
        return answer.parse(answered)
      } catch (error) {
        const explained = await explain(error, method)
        if (!(error instanceof RequestError)) await process.end()
        throw explained
      } finally {
        over.abort()
      }
    },
    async notify(method, params) {
      try {
        await connection.agent.notify(method, params)
      } catch (error) {
        // Who waits for its answers hears of an agent that is gone.
        run.context.log.debug({ err: error, method }, 'an agent could not be told')
      }
    },
    close: () => connection.close(),
  }
}

const ElicitationRequest = z.object({
  mode: z.string(),
  message: z.string(),
  requestedSchema: z.unknown().optional(),
})

const ErrorData = z.object({ category: z.string().optional(), details: z.string().optional() })

/** The agent's own words about why it cannot go on; it may know that the model is to blame. */
function saidNo(agentName: string, error: RequestError): SessionFailed {
  const data = ErrorData.safeParse(error.data).data
  const words = printable(data?.details ?? error.message)
    .trim()
    .slice(0, 2000)
  if (data?.category === 'model') return new SessionFailed('model_failed', words, error)
  const message = words === '' ? `The agent ${agentName} failed and gave no reason.` : words
  return new SessionFailed('agent_failed', message, error)
}

/** The end of the stream tells it at once, unless an agent made us stop reading before it died. */
async function rejectAfterEnd({ boxed }: AgentProcess): Promise<never> {
  await boxed.exited
  await delay(unreadMs)
  throw new Error('the agent has ended')
}

function rejectAfter(ms: number, signal: AbortSignal, error: Error): Promise<never> {
  return new Promise((_, reject) => {
    const timer = setTimeout(() => reject(error), ms)
    signal.addEventListener('abort', () => clearTimeout(timer))
  })
}

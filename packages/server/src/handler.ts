import type { Caller, Route } from '@errand/contract'
import type { FastifyBaseLogger } from 'fastify'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { z } from 'zod'
import type { ServerContext } from './context.ts'
import type { Urls } from './present/urls.ts'

/** A request whose caller is known and whose input is parsed by the route's schemas. */
export interface Call<R extends Route> {
  caller: Caller
  params: z.infer<R['params']>
  query: R extends { query: infer Q extends z.ZodObject } ? z.infer<Q> : undefined
  body: R extends { body: infer B extends z.ZodType } ? z.infer<B> : undefined
  headers: IncomingHttpHeaders
  urls: Urls
  /** The request's own absolute address, for `Link`. */
  url: string
  log: FastifyBaseLogger
  /** Aborts when the client goes away. */
  signal: AbortSignal
  /** Takes the connection over, for streams; the handler then answers undefined. */
  takeOver(): ServerResponse
}

export interface Answer {
  status: number
  /** An object is sent as JSON, a string as plain text. */
  body: object | string
  headers?: Record<string, string>
}

/** What an operation does; undefined when it has taken the connection over. */
export type Handler<R extends Route> = (
  context: ServerContext,
  call: Call<R>,
) => Promise<Answer | undefined>

import type { IncomingHttpHeaders } from 'node:http'
import type { Caller, Route } from '@errand/contract'
import type { z } from 'zod'
import type { ServerContext } from './context.ts'
import type { Frames } from './event-stream.ts'
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
  /** Whether the client asks for server-sent events. */
  wantsStream: boolean
}

export type Answer =
  | {
      status: number
      /** An object is sent as JSON, a string as plain text. */
      body: object | string
      headers?: Record<string, string>
    }
  | { stream: Frames }

/** What an operation does. */
export type Handler<R extends Route> = (context: ServerContext, call: Call<R>) => Promise<Answer>

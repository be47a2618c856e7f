import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

import type { Upstream } from '@errand/contract'

import type { Step } from '../answer/step.ts'
import type { CallRoute } from '../route.ts'
import type { Address } from './address.ts'

/** A call for one upstream, before it is addressed and signed. */
export interface UnsignedCall {
  upstream: Upstream
  /** What the upstream calls the model. */
  name: string
  route: CallRoute
  /** A JSON object, with the name of the model that the agent has used. */
  text: string
  /** The same in bytes. */
  bytes: Buffer
  isStreamed: boolean
  /** What of the agent's headers goes on. */
  headers: IncomingHttpHeaders
  /** From the settings; undefined where they name none. */
  key: string | undefined
}

/** A call as it is sent. */
export interface SignedCall extends Address {
  headers: OutgoingHttpHeaders
  body: Buffer
  /** What of it must not come back to the agent. */
  secrets: string[]
  /** Turns a stream of the upstream's own framing into the events of its wire. */
  reframe?: (contentType: string | undefined) => { step: Step; contentType: string } | undefined
}

/** How the requests of one kind of upstream are addressed and signed. */
export type SignCall = (call: UnsignedCall) => SignedCall | Promise<SignedCall>

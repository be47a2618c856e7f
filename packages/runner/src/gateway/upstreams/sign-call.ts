import type { Upstream } from '@errand/contract'

import { signPlain } from './plain.ts'
import type { SignCall } from './upstream-kind.ts'

/** Those of clouds are loaded when they are needed. */
const signers: Record<NonNullable<Upstream['kind']>, SignCall> = {
  plain: signPlain,
  azure: async (call) => (await import('./azure.ts')).signAzure(call),
  vertex: async (call) => (await import('./vertex.ts')).signVertex(call),
  bedrock: async (call) => (await import('./bedrock.ts')).signBedrock(call),
}

/** Addresses and signs a call as its upstream wants it. */
export const signCall: SignCall = (call) => signers[call.upstream.kind ?? 'plain'](call)

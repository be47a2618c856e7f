import type { Upstream } from '@errand/contract'

import { signPlain } from './plain.ts'
import type { SignCall } from './upstream-kind.ts'

/** Those of clouds are loaded when they are needed. */
const signers: Record<NonNullable<Upstream['kind']>, () => SignCall | Promise<SignCall>> = {
  plain: () => signPlain,
  azure: async () => (await import('./azure.ts')).signAzure,
  vertex: async () => (await import('./vertex.ts')).signVertex,
  bedrock: async () => (await import('./bedrock.ts')).signBedrock,
}

/** Addresses and signs a call as its upstream wants it. */
export const signCall: SignCall = async (call) => {
  const sign = await signers[call.upstream.kind ?? 'plain']()
  return await sign(call)
}

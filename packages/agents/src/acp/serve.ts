import { Readable, Writable } from 'node:stream'
import { ndJsonStream, type AgentApp } from '@agentclientprotocol/sdk'

/** Serves an agent on the standard streams of this process, until they close. */
export function serveOnStdio(agent: AgentApp): void {
  const output = Writable.toWeb(process.stdout)
  // Node's types know the web streams twice; these are the ones of the ACP library.
  const input = Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>
  agent.connect(ndJsonStream(output, input))
}

import {
  type JSONRPCMessage,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client'
import type { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const Initialized = z.looseObject({ protocolVersion: z.string() })
/** JSON-RPC's code for an error of the server's own. */
const internalError = -32_603

/**
 * Makes an MCP server at an address one on standard streams, for agents that know no other: each message goes
 * on as it is. Resolves when it runs; it ends with the standard streams.
 */
export async function bridge(
  agent: StdioServerTransport,
  server: StreamableHTTPClientTransport,
): Promise<void> {
  const toAgent = (message: JSONRPCMessage): void => void agent.send(message)
  server.onmessage = (message) => {
    // From here on requests say which version of the protocol they are in.
    const result = isJSONRPCResultResponse(message)
      ? Initialized.safeParse(message.result)
      : undefined
    if (result?.success === true) server.setProtocolVersion(result.data.protocolVersion)
    toAgent(message)
  }
  agent.onmessage = (message) => {
    server.send(message).catch((error: unknown) => {
      if (!isJSONRPCRequest(message)) return
      const words = error instanceof Error ? error.message : String(error)
      const told = { code: internalError, message: `The MCP server did not answer: ${words}` }
      toAgent({ jsonrpc: '2.0', id: message.id, error: told })
    })
  }
  agent.onclose = () => void server.close()
  await server.start()
  await agent.start()
}

import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { bridge } from './bridge.ts'

const url = process.env['ERRAND_MCP_URL']
if (url === undefined) throw new Error('ERRAND_MCP_URL is not set.')

await bridge(new StdioServerTransport(), new StreamableHTTPClientTransport(new URL(url)))

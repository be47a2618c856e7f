import { z } from 'zod'
import { flag } from './flag.ts'

const seconds = z.coerce.number().min(1).max(86_400)

/** What the operator says of the MCP servers of all sessions; which there are, repositories say. */
export const McpSettings = z.strictObject({
  start_seconds: seconds
    .default(60)
    .describe(
      'How long an MCP server may take to start and to name its tools, the download of its package included. A session goes on without one that takes longer.',
    ),
  call_seconds: seconds
    .default(300)
    .describe('How long a call of a tool of an MCP server may take before it fails.'),
  read_only_paths: z
    .array(z.string())
    .default([])
    .describe(
      'Files and folders of the host that MCP servers need, like one with installed servers, bound read-only at the same path into the boxes of all of them.',
    ),
  forge_server: flag
    .default(true)
    .describe(
      'Whether agents are given the built-in server `forge`, which reads the repository, its issues and its pull requests.',
    ),
  playwright_server: flag
    .default(true)
    .describe(
      'Whether agents are given the built-in server `playwright`, a browser for what they serve on localhost, where the machine has a Chromium.',
    ),
  chromium_path: z
    .string()
    .exactOptional()
    .describe(
      'The Chromium or Chrome of the server `playwright`. Default: the one that is installed on the machine.',
    ),
})
export type McpSettings = z.infer<typeof McpSettings>

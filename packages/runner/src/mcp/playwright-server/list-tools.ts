import { spawn } from 'node:child_process'

import { connectServer, type RawTool } from '../connection.ts'
import { openStdioTransport } from '../stdio-transport.ts'
import { playwrightProgram } from './open-playwright-server.ts'

/** Asks the package itself which tools it has. No browser is started for that. */
export async function listTools(signal: AbortSignal): Promise<readonly RawTool[]> {
  const args = [playwrightProgram, '--headless', '--isolated', '--no-webmcp']
  const program = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  await using connection = await connectServer(
    {
      transport: openStdioTransport(program, () => program.kill()),
      explainEnd: () => Promise.resolve(undefined),
      async [Symbol.asyncDispose]() {
        program.kill()
      },
    },
    signal,
  )
  return connection.tools
}

import { once } from 'node:events'
import type { Command } from 'commander'
import { connect } from '../client/connection.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export function addMcpCommand(program: Command, terminal: Terminal): void {
  program
    .command('mcp')
    .summary('let other agents delegate tasks, by MCP')
    .description(
      'Speak the Model Context Protocol on standard input and output: another agent that starts this as an MCP server can start tasks, look at them, answer and cancel them.',
    )
    .addHelpText(
      'after',
      examples(
        'errand mcp',
        'npx @modelcontextprotocol/inspector errand mcp',
        'ERRAND_URL=https://errand.example.com ERRAND_TOKEN=ghp_... errand mcp',
      ),
    )
    .action(async () => {
      // Told before the first message: a server that cannot be signed in to is of no use.
      const client = connect(terminal)
      const [{ createTaskServer }, { serveStdio }] = await Promise.all([
        import('../mcp/server.ts'),
        import('@modelcontextprotocol/server/stdio'),
      ])
      const { signal } = terminal
      const handle = serveStdio(() => createTaskServer(client))
      await Promise.race([once(process.stdin, 'close'), once(signal, 'abort')])
      await handle.close()
    })
}

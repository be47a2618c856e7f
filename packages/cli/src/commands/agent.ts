import type { Command } from 'commander'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

export interface AgentPlace {
  data?: string
  config?: string
}

export interface AddAgentOptions extends AgentPlace {
  name?: string
  sha256?: string
}

/** Works on the data folder of this machine's server or worker, not by the API. */
export function addAgentCommand(program: Command, terminal: Terminal): void {
  const agent = program
    .command('agent')
    .summary('install agents')
    .description(
      "Agents of others: which this machine's server or worker knows, and which are installed. They are installed into its data folder, at one version, and run only in a sandbox.",
    )
    .helpCommand(false)
  const place = (command: Command): Command =>
    command
      .option('--data <dir>', 'the data folder (default: .errand)')
      .option('--config <file>', 'the settings file (default: errand.yml, if there is one)')
  place(agent.command('list'))
    .summary('list the agents')
    .description('List the agents tasks can be worked on by, and whether they are installed.')
    .option('--json', 'print them as JSON')
    .addHelpText('after', examples('errand agent list'))
    .action(async (options: AgentPlace & { json?: boolean }) => {
      const { listAgents } = await import('../agents/list-agents.ts')
      await listAgents(terminal, options)
    })
  place(agent.command('install'))
    .summary('install agents')
    .description(
      'Install agents, each at the version Errand knows it at. From npm, as a lock file says: every file has its sum there, and no script of a package is run.',
    )
    .argument('<name...>', 'names of agents, as `errand agent list` has them')
    .addHelpText(
      'after',
      examples('errand agent install codex', 'errand agent install opencode copilot'),
    )
    .action(async (names: string[], options: AgentPlace) => {
      const { installAgents } = await import('../agents/install-agents.ts')
      await installAgents(terminal, names, options)
    })
  place(agent.command('add'))
    .summary("add an agent of ACP's registry, or your own")
    .description(
      "Add an agent by its entry: an agent.json as ACP's registry has them, with what docs/agents.md says beside it. What it needs of npm is recorded with the sum of each file. The server has to be started anew.",
    )
    .argument('<file>', 'the entry, a file or a URL')
    .option('--name <name>', 'what tasks call it (default: its id)')
    .option('--sha256 <hex>', 'the sum of its archive for this machine, where it is no npm package')
    .addHelpText(
      'after',
      examples(
        'errand agent add ./agent.json',
        'errand agent add https://example.com/goose/agent.json --sha256 9f86d08...',
      ),
    )
    .action(async (file: string, options: AddAgentOptions) => {
      const { addAgent } = await import('../agents/add-agent.ts')
      await addAgent(terminal, file, options)
    })
}

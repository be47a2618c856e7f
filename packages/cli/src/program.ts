import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { addAgentCommand } from './commands/agent.ts'
import { addCampaignCommand } from './commands/campaign/campaign.ts'
import { addAuditLogCommand } from './commands/audit-log.ts'
import { addConfigCommand } from './commands/config.ts'
import { addAuditCommand } from './commands/audit/audit.ts'
import { addAutomationCommand } from './commands/automation/automation.ts'
import { addCompletionCommand } from './commands/completion.ts'
import { addCreateCommand } from './commands/create.ts'
import { addDiffCommand } from './commands/diff.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addEditCommand } from './commands/edit.ts'
import { addFanoutCommand } from './commands/fanout/fanout.ts'
import { examples } from './commands/examples.ts'
import { addListCommand } from './commands/list.ts'
import { addLoginCommand, addLogoutCommand } from './commands/login.ts'
import { addOrgCommand, addUserCommand } from './commands/people.ts'
import { addMcpCommand } from './commands/mcp.ts'
import { addModelsCommand } from './commands/models.ts'
import { addQuickstartCommand } from './commands/quickstart.ts'
import { addRecipeCommand } from './commands/recipe.ts'
import { addReleaseCommand } from './commands/release.ts'
import { addRepoCommand } from './commands/repo.ts'
import { addSecretsCommand } from './commands/secrets.ts'
import { addServeCommand } from './commands/serve.ts'
import { addAnswerCommand, addCancelCommand, addSteerCommand } from './commands/steer.ts'
import { addTokenCommand } from './commands/token.ts'
import { addUsageCommand } from './commands/usage.ts'
import { addSecretCommand } from './commands/values/secret.ts'
import { addVariableCommand } from './commands/values/variable.ts'
import { addViewCommand } from './commands/view.ts'
import { addWebhookCommand } from './commands/webhook.ts'
import { addWorkerCommand } from './commands/worker.ts'
import type { Terminal } from './terminal/terminal.ts'

/** The command `errand` with all its commands, bound to a terminal. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command('errand')
  program
    .description('Send a prompt, get a pull request.')
    .version(readVersion())
    .exitOverride()
    // `release prepare --version 2.0.0` is that command's own option.
    .enablePositionalOptions()
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => terminal.columns,
      getErrHelpWidth: () => terminal.columns,
    })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      examples(
        'errand serve',
        'errand repo import ~/code/shop me/shop',
        'errand create "Replace moment by date-fns" -R me/shop --pr --follow',
      ),
    )
  const groups: [string, ((program: Command, terminal: Terminal) => void)[]][] = [
    [
      'Tasks:',
      [
        addCreateCommand,
        addListCommand,
        addViewCommand,
        addAnswerCommand,
        addSteerCommand,
        addCancelCommand,
        addEditCommand,
        addDiffCommand,
        addFanoutCommand,
        addCampaignCommand,
        addReleaseCommand,
        addRecipeCommand,
        addAutomationCommand,
        addConfigCommand,
        addAuditCommand,
        addAuditLogCommand,
        addModelsCommand,
        addUsageCommand,
        addSecretCommand,
        addVariableCommand,
        addWebhookCommand,
        addMcpCommand,
      ],
    ],
    [
      'Server:',
      [
        addServeCommand,
        addWorkerCommand,
        addDoctorCommand,
        addSecretsCommand,
        addAgentCommand,
        addRepoCommand,
        addTokenCommand,
        addUserCommand,
        addOrgCommand,
        addQuickstartCommand,
      ],
    ],
    ['This command:', [addLoginCommand, addLogoutCommand, addCompletionCommand]],
  ]
  for (const [heading, adders] of groups) {
    program.commandsGroup(heading)
    for (const add of adders) add(program, terminal)
  }
  program.helpCommand(false)
  return program
}

function readVersion(): string {
  const file = new URL('../package.json', import.meta.url)
  // Our own package.json, which has one.
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}

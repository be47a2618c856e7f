import type { Command } from 'commander'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../parse-count.ts'
import { addChangeOptions, type ChangeOptions } from './change-options.ts'

interface Where {
  repo?: string
  json?: boolean
}

const repoText = "the repository (default: this checkout's remote)"

export function addAutomationCommand(program: Command, terminal: Terminal): void {
  const automation = program
    .command('automation')
    .summary('run prompts by the clock and on events')
    .description(
      'Automations: prompts that are sent by the clock, or when something happens on the forge. An automation is named by its id, the beginning of it, or its name.',
    )
    .addHelpText(
      'after',
      examples(
        "errand automation create --template release -R me/shop --cron '0 9 * * 1' --time-zone Europe/Berlin",
        'errand automation history release -R me/shop',
      ),
    )
  addCreate(automation, terminal)
  addEdit(automation, terminal)
  addReadCommands(automation, terminal)
  addRun(automation, terminal)
  addSwitches(automation, terminal)
  addSync(automation, terminal)
}

function addCreate(automation: Command, terminal: Terminal): void {
  const create = automation
    .command('create')
    .summary('create an automation')
    .description(
      'Create an automation: a prompt, and when it is sent. With --template it is a recipe instead, which needs no model; `release` keeps the pull request of the next release up to date.',
    )
    .argument('[prompt]', 'what is to be done')
    .option('-R, --repo <owner/repo>', repoText)
    .option('--template <recipe>', 'this recipe instead of a prompt, like `release`')
    .option('--paused', 'create it paused')
  addChangeOptions(create)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        "errand automation create --template release -R me/shop --cron '0 9 * * 1' --time-zone Europe/Berlin",
        'errand automation create "Update the dependencies" --every daily --hour 4 --name deps',
        'errand automation create "Fix what the issue describes" --on issues=labeled --comment --name fix',
      ),
    )
    .action(async (prompt: string | undefined, options: ChangeOptions) => {
      const { createCommand } = await import('../../automations/create.ts')
      await createCommand(terminal, prompt, options)
    })
}

function addEdit(automation: Command, terminal: Terminal): void {
  const edit = automation
    .command('edit')
    .summary('change an automation')
    .description('Change an automation: what is not given stays as it is.')
    .argument('<automation>', 'its id or name')
    .option('-R, --repo <owner/repo>', repoText)
    .option('--prompt <text>', 'what is to be done')
  addChangeOptions(edit)
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        "errand automation edit release --cron '30 8 * * MON' --time-zone Europe/Berlin",
        'errand automation edit deps --prompt "Update the dependencies, one by one" --limit week=5000000000',
      ),
    )
    .action(async (text: string, options: ChangeOptions) => {
      const { editCommand } = await import('../../automations/edit.ts')
      await editCommand(terminal, text, options)
    })
}

function addReadCommands(automation: Command, terminal: Terminal): void {
  automation
    .command('list')
    .summary('list automations')
    .description('List your automations, or those of a repository.')
    .option('-R, --repo <owner/repo>', 'those of a repository, of all its users')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('errand automation list', 'errand automation list -R me/shop'))
    .action(async (options: Where) => {
      const { listCommand } = await import('../../automations/list.ts')
      await listCommand(terminal, options)
    })
  automation
    .command('view')
    .summary('show an automation')
    .description('Show an automation: when it runs, what it does, what it has used.')
    .argument('<automation>', 'its id or name')
    .option('-R, --repo <owner/repo>', repoText)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('errand automation view release -R me/shop'))
    .action(async (text: string, options: Where) => {
      const { viewCommand } = await import('../../automations/list.ts')
      await viewCommand(terminal, text, options)
    })
  automation
    .command('history')
    .summary('list the runs of an automation')
    .description('List the runs of an automation, the latest first, and why others were not made.')
    .argument('<automation>', 'its id or name')
    .option('-R, --repo <owner/repo>', repoText)
    .option('-L, --limit <n>', 'how many at most', parseCount, 30)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('errand automation history release -R me/shop'))
    .action(async (text: string, options: Where & { limit: number }) => {
      const { historyCommand } = await import('../../automations/history.ts')
      await historyCommand(terminal, text, options)
    })
}

function addRun(automation: Command, terminal: Terminal): void {
  automation
    .command('run')
    .summary('run an automation now')
    .description('Run an automation now, also one that is paused.')
    .argument('<automation>', 'its id or name')
    .option('-R, --repo <owner/repo>', repoText)
    .option('--wait', 'follow its task to the end')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('errand automation run release -R me/shop --wait'))
    .action(async (text: string, options: Where & { wait?: boolean }) => {
      const { runCommand } = await import('../../automations/run.ts')
      await runCommand(terminal, text, options)
    })
}

function addSwitches(automation: Command, terminal: Terminal): void {
  for (const [name, isOn] of [
    ['pause', false],
    ['resume', true],
  ] as const) {
    automation
      .command(name)
      .summary(`${name} an automation`)
      .description(
        isOn
          ? 'Resume an automation. What it missed while it was paused is not made up for.'
          : 'Pause an automation: it runs only by hand. A run that has begun goes on.',
      )
      .argument('<automation>', 'its id or name')
      .option('-R, --repo <owner/repo>', repoText)
      .addHelpText('after', examples(`errand automation ${name} release -R me/shop`))
      .action(async (text: string, options: Where) => {
        const { switchCommand } = await import('../../automations/edit.ts')
        await switchCommand(terminal, text, options, isOn)
      })
  }
  automation
    .command('delete')
    .summary('delete an automation')
    .description('Delete an automation and its history. Its tasks and pull requests stay.')
    .argument('<automation>', 'its id or name')
    .option('-R, --repo <owner/repo>', repoText)
    .option('-y, --yes', 'do not ask')
    .addHelpText('after', examples('errand automation delete deps -R me/shop --yes'))
    .action(async (text: string, options: Where & { yes?: boolean }) => {
      const { deleteCommand } = await import('../../automations/edit.ts')
      await deleteCommand(terminal, text, options)
    })
}

function addSync(automation: Command, terminal: Terminal): void {
  automation
    .command('sync')
    .summary('make automations from the files of a repository')
    .description(
      'Make the automations of a repository as its files say: `.github/errand/automations/*.yml` of the default branch. Those made by hand are left alone.',
    )
    .option('-R, --repo <owner/repo>', repoText)
    .option('--dry-run', 'only say what would be done')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('errand automation sync -R me/shop --dry-run', 'errand automation sync -R me/shop'),
    )
    .action(async (options: Where & { dryRun?: boolean }) => {
      const { syncCommand } = await import('../../automations/sync-command.ts')
      await syncCommand(terminal, options)
    })
}

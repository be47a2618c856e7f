import { expect, it } from 'vitest'
import { createProgram } from './program.ts'
import { runCli } from './testing/run-cli.ts'

it('says what commands there are', async () => {
  const { out, code } = await runCli(['--help'])

  expect(code).toBe(0)
  expect(out).toMatchInlineSnapshot(`
    "Usage: errand [options] [command]

    Send a prompt, get a pull request.

    Options:
      -V, --version                   output the version number
      -h, --help                      display help for command

    Tasks:
      create [options] [prompt]       start a task
      list [options]                  list tasks
      view [options] <task>           show a task
      answer [options] <task> <text>  answer a task's question
      steer [options] <task> <text>   tell a task something
      cancel [options] <task>         cancel a task
      edit [options] <task>           change what a task may cost
      diff [options] <task>           show what a task changed
      fanout                          send one prompt to many repositories
      campaign                        look after campaigns the server keeps
      release                         prepare releases
      recipe                          run small deterministic jobs on a repository
      automation                      run prompts by the clock and on events
      config                          see and change what agents may do in repositories
      audit                           check what repositories' agents may do against a policy
      audit-log                       see who changed what agents may do
      models [options]                list the models
      usage [options]                 see what models have cost
      secret                          set, list and delete what agents are given and nobody sees
      variable                        set, list, show and delete variables that agents are given
      webhook                         have others told of what happens
      mcp                             let other agents delegate tasks, by MCP

    Server:
      serve [options]                 start a server
      worker [options]                run sessions for a server
      doctor [options]                show what this machine can isolate
      secrets                         replace the key of a server's store
      agent                           install agents
      repo                            import, list and share repositories
      token                           make, list and revoke tokens
      user                            make users
      org                             make organizations, and say who belongs to them
      quickstart [options]            see it work: one task, from a prompt to a pull request

    This command:
      login [options] [url]           sign in to a server
      logout [url]                    forget a server
      completion <shell>              print a script that completes commands in your shell

    Examples:
      $ errand serve
      $ errand repo import ~/code/shop me/shop
      $ errand create "Replace moment by date-fns" -R me/shop --pr --follow
    "
  `)
})

const commands = [
  ['create'],
  ['list'],
  ['view'],
  ['answer'],
  ['steer'],
  ['cancel'],
  ['edit'],
  ['models'],
  ['usage'],
  ['diff'],
  ['release', 'prepare'],
  ['recipe', 'list'],
  ['recipe', 'show'],
  ['recipe', 'run'],
  ['automation', 'create'],
  ['automation', 'edit'],
  ['automation', 'list'],
  ['automation', 'view'],
  ['automation', 'history'],
  ['automation', 'run'],
  ['automation', 'pause'],
  ['automation', 'resume'],
  ['automation', 'delete'],
  ['automation', 'sync'],
  ['config', 'get'],
  ['config', 'set'],
  ['config', 'unset'],
  ['config', 'edit'],
  ['audit-log', 'list'],
  ['audit-log', 'export'],
  ['audit-log', 'verify'],
  ['audit', 'run'],
  ['audit', 'explain'],
  ['audit', 'init'],
  ['audit', 'history'],
  ['secret', 'set'],
  ['secret', 'list'],
  ['secret', 'delete'],
  ['variable', 'set'],
  ['variable', 'list'],
  ['variable', 'get'],
  ['variable', 'delete'],
  ['secrets', 'rotate'],
  ['webhook', 'create'],
  ['webhook', 'list'],
  ['webhook', 'view'],
  ['webhook', 'delete'],
  ['webhook', 'ping'],
  ['webhook', 'deliveries'],
  ['webhook', 'delivery'],
  ['webhook', 'redeliver'],
  ['mcp'],
  ['fanout', 'run'],
  ['fanout', 'resume'],
  ['fanout', 'retry'],
  ['fanout', 'answer'],
  ['fanout', 'cancel'],
  ['fanout', 'merge'],
  ['fanout', 'close'],
  ['fanout', 'status'],
  ['fanout', 'list'],
  ['fanout', 'report'],
  ['serve'],
  ['worker'],
  ['doctor'],
  ['agent', 'list'],
  ['agent', 'install'],
  ['agent', 'add'],
  ['repo', 'import'],
  ['repo', 'list'],
  ['repo', 'share'],
  ['repo', 'unshare'],
  ['user', 'create'],
  ['org', 'create'],
  ['org', 'add'],
  ['org', 'remove'],
  ['token', 'create'],
  ['token', 'list'],
  ['token', 'revoke'],
  ['quickstart'],
  ['login'],
  ['campaign', 'list'],
  ['campaign', 'view'],
  ['campaign', 'pause'],
  ['campaign', 'resume'],
  ['campaign', 'retry'],
  ['campaign', 'cancel'],
  ['campaign', 'answer'],
  ['campaign', 'report'],
  ['campaign', 'merge'],
  ['campaign', 'close'],
  ['logout'],
  ['completion'],
]

it.each(commands)('%s %s has a help with examples', async (...command) => {
  const { out, code } = await runCli([...command, '--help'])

  expect(code).toBe(0)
  expect(out).toContain(`Usage: errand ${command.join(' ')}`)
  expect(out).toMatch(/Examples:\n {2}\$ .*errand/)
})

it('has a test of the help of every command', () => {
  // Only its commands are asked for: no terminal is needed.
  const program = createProgram({ rows: 24, columns: 100 } as Parameters<typeof createProgram>[0])
  const names = program.commands.flatMap((command) =>
    command.commands.length > 0
      ? command.commands.map((inner) => `${command.name()} ${inner.name()}`)
      : [command.name()],
  )

  expect(names.filter((name) => name !== '__complete').toSorted()).toEqual(
    commands.map((command) => command.join(' ')).toSorted(),
  )
})

it('has the flags of gh agent-task', async () => {
  const create = (await runCli(['create', '--help'])).out
  const list = (await runCli(['list', '--help'])).out
  const view = (await runCli(['view', '--help'])).out

  for (const flag of [
    '-F, --from-file',
    '-b, --base',
    '--follow',
    '-a, --custom-agent',
    '-R, --repo',
  ]) {
    expect(create).toContain(flag)
  }
  for (const flag of ['-L, --limit', '--json', '--jq']) expect(list).toContain(flag)
  for (const flag of ['--log', '--follow', '-R, --repo', '--json']) expect(view).toContain(flag)
})

it('suggests the command that was meant', async () => {
  const { err, code } = await runCli(['crate', 'x'])

  expect(code).toBe(1)
  expect(err).toContain('Did you mean create?')
})

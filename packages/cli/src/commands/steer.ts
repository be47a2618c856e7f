import type { CallAnswer } from '@errand/contract'
import type { Command } from 'commander'
import { sendAnswer } from '../answer-questions.ts'
import { beyondGitHub } from '../client/beyond-github.ts'
import { connect } from '../client/connection.ts'
import { findTask } from '../client/find-task.ts'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { examples } from './examples.ts'

interface RepoOption {
  repo?: string
}

interface SteerOptions extends RepoOption {
  model?: string
  agent?: string
}

const taskArgument = 'an id, a pull request (URL or number), or a branch'
const repoOption = [
  '-R, --repo <owner/repo>',
  "the repository (default: this checkout's remote)",
] as const

export function addAnswerCommand(program: Command, terminal: Terminal): void {
  program
    .command('answer')
    .summary("answer a task's question")
    .description('Answer the question a task waits with.')
    .argument('<task>', taskArgument)
    .argument('<text>', 'the answer')
    .option(...repoOption)
    .addHelpText('after', examples('errand answer 0b83c4a1 "Keep the old name"'))
    .action(async (text: string, answer: string, options: RepoOption) => {
      const { client, task } = await open(terminal, text, options)
      if (task.state !== 'waiting_for_user') {
        throw new UserError(`The task is ${task.state} and waits for no answer.`, {
          remedy: `To tell it something: errand steer ${task.id} "TEXT".`,
        })
      }
      await beyondGitHub('take answers', sendAnswer(client, task.id, answer, terminal.signal))
      terminal.err('Answered.\n')
    })
}

type Outcome = CallAnswer<'steerTask'>['outcome']

const outcomes: Record<Outcome, string> = {
  queued: 'The agent gets it after what it is doing.',
  answered: 'It answered the open question.',
  new_session: 'A new session goes on with it.',
  aborted: 'The task was stopped.',
  already_ended: 'The task has ended already.',
}

export function addSteerCommand(program: Command, terminal: Terminal): void {
  program
    .command('steer')
    .summary('tell a task something')
    .description(
      'Send a message to a task. A running one gets it soon, a waiting one takes it as the answer, and one that has ended goes on with it in a new session.',
    )
    .argument('<task>', taskArgument)
    .argument('<text>', 'the message')
    .option(...repoOption)
    .option('-m, --model <model>', 'of the session it begins, where the task has ended')
    .option('--agent <agent>', 'of the session it begins, where the task has ended')
    .addHelpText(
      'after',
      examples(
        'errand steer 0b83c4a1 "Leave the tests alone"',
        'errand steer 0b83c4a1 "Once more" --agent codex',
      ),
    )
    .action(async (text: string, content: string, options: SteerOptions) => {
      const { client, task } = await open(terminal, text, options)
      const steering = client.call('steerTask', {
        params: { task_id: task.id },
        body: {
          type: 'user_message',
          content,
          ...(options.model !== undefined && { model: options.model }),
          ...(options.agent !== undefined && { agent: options.agent }),
        },
        signal: terminal.signal,
      })
      const { outcome } = await beyondGitHub('take messages', steering)
      terminal.err(`${outcomes[outcome]}\n`)
    })
}

export function addCancelCommand(program: Command, terminal: Terminal): void {
  program
    .command('cancel')
    .summary('cancel a task')
    .description('Cancel a task, whatever it is doing. What it has pushed stays.')
    .argument('<task>', taskArgument)
    .option(...repoOption)
    .addHelpText('after', examples('errand cancel 0b83c4a1'))
    .action(async (text: string, options: RepoOption) => {
      const { client, task } = await open(terminal, text, options)
      const params = { task_id: task.id }
      const cancelling = client.call('cancelTask', { params, signal: terminal.signal })
      const { state } = await beyondGitHub('cancel tasks', cancelling)
      terminal.err(
        state === 'cancelled' ? 'Cancelled.\n' : `The task has ended already: ${state}.\n`,
      )
    })
}

async function open(terminal: Terminal, text: string, options: RepoOption) {
  const client = connect(terminal)
  const { cwd, signal } = terminal
  const task = await findTask(client, text, {
    cwd,
    signal,
    ...(options.repo && { repository: options.repo }),
  })
  return { client, task }
}

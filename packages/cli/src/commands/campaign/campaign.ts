import type { Campaign, Client } from '@errand/contract'
import type { Command } from 'commander'
import { connect } from '../../client/connection.ts'
import { findCampaign } from '../../client/find-campaign.ts'
import { UserError } from '../../errors.ts'
import { summarizeCampaign } from '../../present/campaign.ts'
import type { Terminal } from '../../terminal/terminal.ts'
import { examples } from '../examples.ts'
import { parseCount } from '../parse-count.ts'
import { parseCredits } from '../parse-credits.ts'
import { addAnswerCommand } from '../fanout/answer.ts'
import { addCloseCommand } from '../fanout/close.ts'
import { addMergeCommand } from '../fanout/merge.ts'
import { addReportCommand } from '../fanout/report.ts'
import { addCampaignLookCommands } from './look.ts'
import { serverSource } from './server-source.ts'

export function addCampaignCommand(program: Command, terminal: Terminal): void {
  const group = program
    .command('campaign')
    .summary('look after campaigns the server keeps')
    .description(
      'Look after campaigns that the server keeps and carries on by itself. One is begun by `errand fanout --detach`. GitHub has nothing like it: this needs Errand.',
    )
    .addHelpText(
      'after',
      examples(
        'errand fanout "Replace moment by date-fns" --org acme --canary 3 --detach',
        'errand campaign view --follow',
        'errand campaign resume',
      ),
    )
  addCampaignLookCommands(group, terminal)
  addAct(group, terminal, {
    name: 'pause',
    summary: 'send no more for now',
    description: 'Send no more tasks of a campaign for now. Those that were sent go on.',
    act: (client, params, signal) => client.call('pauseCampaign', { params, signal }),
  })
  addResumeCommand(group, terminal)
  addAct(group, terminal, {
    name: 'retry',
    summary: 'send what failed again',
    description: 'Send a new task to each repository whose task did not complete.',
    act: (client, params, signal) => client.call('retryCampaign', { params, signal }),
  })
  addAct(group, terminal, {
    name: 'cancel',
    summary: 'end a campaign',
    description:
      'End a campaign: its open tasks are cancelled, and the rest is never sent. Pull requests stay.',
    act: (client, params, signal) => client.call('cancelCampaign', { params, signal }),
  })
  addAnswerCommand(group, terminal, serverSource)
  addReportCommand(group, terminal, serverSource)
  addMergeCommand(group, terminal, serverSource)
  addCloseCommand(group, terminal, serverSource)
}

interface Act {
  name: string
  summary: string
  description: string
  act: (client: Client, params: { campaign_id: string }, signal: AbortSignal) => Promise<Campaign>
}

const campaignArgument = ['[campaign]', 'its name or id (default: the latest)'] as const

function addAct(group: Command, terminal: Terminal, { name, summary, description, act }: Act) {
  group
    .command(name)
    .summary(summary)
    .description(description)
    .argument(...campaignArgument)
    .addHelpText('after', examples(`errand campaign ${name}`, `errand campaign ${name} date-fns`))
    .action(async (text: string | undefined) => {
      const client = connect(terminal)
      const { id } = await findCampaign(client, text, terminal.signal)
      const campaign = await act(client, { campaign_id: id }, terminal.signal)
      terminal.out(summarizeCampaign(campaign, terminal.now()))
    })
}

interface ResumeOptions {
  maxAiCredits?: number
  concurrency?: number
}

function addResumeCommand(group: Command, terminal: Terminal): void {
  group
    .command('resume')
    .summary('go on with a paused campaign')
    .description(
      'Go on with a paused campaign: with its next wave, and with the count of failures from zero.',
    )
    .argument(...campaignArgument)
    .option(
      '--max-ai-credits <n>',
      'what all its tasks together may cost from now on',
      parseCredits,
    )
    .option('--concurrency <n>', 'how many tasks may be open at a time from now on', parseCount)
    .addHelpText(
      'after',
      examples('errand campaign resume', 'errand campaign resume date-fns --max-ai-credits 800'),
    )
    .action(async (text: string | undefined, options: ResumeOptions) => {
      const { signal } = terminal
      const client = connect(terminal)
      const found = await findCampaign(client, text, signal)
      if (found.status !== 'paused' && found.status !== 'in_progress') {
        throw new UserError(`The campaign is over: ${found.status.replaceAll('_', ' ')}.`, {
          remedy: `To send what failed again: errand campaign retry ${found.id}.`,
        })
      }
      const campaign = await client.call('resumeCampaign', {
        params: { campaign_id: found.id },
        body: {
          ...(options.maxAiCredits !== undefined && { max_ai_credits: options.maxAiCredits }),
          ...(options.concurrency !== undefined && { concurrency: options.concurrency }),
        },
        signal,
      })
      terminal.out(summarizeCampaign(campaign, terminal.now()))
    })
}

import { readFile } from 'node:fs/promises'
import type { z } from 'zod'
import { UserError } from '../errors.ts'
import { Campaign } from './campaign.ts'

/** What the command line gives of a campaign: it goes before what the file says. */
export type CampaignFlags = Partial<Omit<z.input<typeof Campaign>, 'targets'>> & {
  targets?: Partial<z.input<typeof Campaign>['targets']>
}

/**
 * The campaign that flags and a file make together. A file's targets are left out when flags name any;
 * of a pull request, each flag replaces what the file says of the same.
 *
 * @throws UserError naming each key that is wrong, and what it must be
 */
export async function readCampaign(
  path: string | undefined,
  flags: CampaignFlags,
): Promise<Campaign> {
  const file = path === undefined ? {} : await readCampaignFile(path)
  const parsed = Campaign.safeParse({ ...file, ...flags, ...pullRequestOf(file, flags) })
  if (parsed.success) return requirePulls(parsed.data)
  const problems = parsed.error.issues.map((issue) => explain(path, issue))
  throw new UserError(problems.join('\n'))
}

function pullRequestOf(file: object, { pull_request: flags }: CampaignFlags): object {
  if (flags === undefined) return {}
  const saved = 'pull_request' in file ? file.pull_request : undefined
  return { pull_request: { ...(typeof saved === 'object' && saved), ...flags } }
}

function requirePulls(campaign: Campaign): Campaign {
  if (campaign.create_pull_request || campaign.pull_request === undefined) return campaign
  throw new UserError('The campaign opens no pull requests that could have a title or labels.', {
    remedy: 'Leave out `create_pull_request: false` and --no-pr, or `pull_request`.',
  })
}

async function readCampaignFile(path: string): Promise<object> {
  // Loaded here: every command would read it at its start.
  const { parseDocument } = await import('yaml')
  const document = parseDocument(await readFile(path, 'utf8'))
  const [error] = document.errors
  if (error !== undefined) throw new UserError(`${path}: ${error.message.split('\n', 1)[0] ?? ''}`)
  const value: unknown = document.toJS()
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new UserError(`${path} is no campaign: it must hold name, prompt and targets.`)
}

function explain(path: string | undefined, issue: z.core.$ZodIssue): string {
  const where = path === undefined ? '' : `${path}: `
  const name = issue.path
    .map((key) => (typeof key === 'number' ? `[${key}]` : String(key)))
    .join('.')
  const key = name.replaceAll('.[', '[')
  if (issue.code === 'unrecognized_keys') {
    return `${where}${[key, issue.keys[0]].filter(Boolean).join('.')} is not a key of a campaign`
  }
  return `${where}${key || 'the campaign'}: ${issue.message}`
}

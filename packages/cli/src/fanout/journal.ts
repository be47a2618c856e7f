import { type FileHandle, link, mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Environment } from '../settings.ts'
import { syncFolder } from '../sync-folder.ts'
import { campaignName } from './campaign.ts'
import { type CampaignRecord, JournalRecord } from './journal-record.ts'
import { applyRecord, hasOutcome, plannedProgress, type Progress } from './progress.ts'

type LaterRecord = Exclude<JournalRecord, { type: 'campaign' }>
/** A line as its writer gives it: the time is added. */
export type NewRecord = LaterRecord extends infer R
  ? R extends LaterRecord
    ? Omit<R, 'at'>
    : never
  : never

/** What a journal tells. */
export interface CampaignState {
  readonly campaign: CampaignRecord
  /** By the repository's name, in the order of the plan. */
  readonly progress: ReadonlyMap<string, Progress>
  /** Whether the rest may follow the canary. */
  readonly isCanaryPassed: boolean
  /** The attempt of each repository that was over when it was resumed: those stop it no more. */
  readonly overAtResume: ReadonlyMap<string, number>
  /** What all tasks together may cost, in AI credits. */
  readonly maxAiCredits: number | undefined
}

/** A campaign's journal, held by this process alone. */
export interface Journal extends CampaignState, AsyncDisposable {
  /** Resolves when the line is on the disk. */
  append(record: NewRecord): Promise<void>
}

/**
 * `$XDG_STATE_HOME/errand/campaigns/NAME.jsonl`: one line for each thing that happened.
 *
 * @throws UserError when no campaign can have that name
 */
export function journalPath(environment: Environment, name: string): string {
  const parsed = campaignName.safeParse(name)
  if (parsed.success) return join(journalFolder(environment), `${parsed.data}.jsonl`)
  throw new UserError(`\`${name}\` is not the name of a campaign.`, {
    remedy: '`errand fanout list` shows those there are.',
  })
}

function journalFolder(environment: Environment): string {
  const base = environment.XDG_STATE_HOME || join(environment.HOME || homedir(), '.local', 'state')
  return join(base, 'errand', 'campaigns')
}

/** The campaigns this user has begun, the latest first. */
export async function listCampaigns(environment: Environment): Promise<string[]> {
  const folder = journalFolder(environment)
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.jsonl'))
  const dated = await Promise.all(
    names.map(async (name) => ({ name, at: (await stat(join(folder, name))).mtimeMs })),
  )
  return dated.toSorted((a, b) => b.at - a.at).map(({ name }) => name.slice(0, -'.jsonl'.length))
}

/**
 * Begins a campaign's journal with its plan.
 *
 * @throws UserError when a campaign of that name was begun already
 */
export async function beginJournal(path: string, campaign: CampaignRecord): Promise<Journal> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const lock = await requireLock(path)
  try {
    const file = await placeJournal(path, campaign)
    return writer(file, fold(path, [campaign]), lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

/**
 * The file gets its name when its first line is on the disk: a journal without one would say of nothing
 * what it is. What a death leaves beside it is written anew by the next, which holds the lock.
 */
async function placeJournal(path: string, campaign: CampaignRecord): Promise<FileHandle> {
  const unnamed = `${path}.new`
  await rm(unnamed, { force: true })
  const file = await open(unnamed, 'ax', 0o600)
  try {
    await file.appendFile(lineOf(campaign))
    await file.datasync()
    await nameJournal(unnamed, path, campaign.campaign.name)
    await syncFolder(dirname(path))
    return file
  } catch (error) {
    await file.close()
    throw error
  } finally {
    await rm(unnamed, { force: true })
  }
}

/** A link, since a rename would replace a campaign of the same name. */
async function nameJournal(unnamed: string, path: string, name: string): Promise<void> {
  await link(unnamed, path).catch((cause: unknown) => {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST')) throw cause
    throw new UserError(`There is a campaign ${name} already.`, {
      remedy: `Go on with \`errand fanout resume ${name}\`, or give this one another --name.`,
      cause,
    })
  })
}

/** Takes a campaign up again. A line that was cut off by the writer's death is taken away. */
export async function openJournal(path: string): Promise<Journal> {
  // There is no lock to take where there is no journal.
  await readText(path)
  const lock = await requireLock(path)
  try {
    const text = await readText(path)
    const folded = fold(path, parse(path, text))
    const file = await open(path, 'a', 0o600)
    const whole = Buffer.byteLength(text.slice(0, text.lastIndexOf('\n') + 1))
    await file.truncate(whole)
    return writer(file, folded, lock)
  } catch (error) {
    lock.release()
    throw error
  }
}

/** What a journal tells so far, also while another process writes it. */
export async function readJournal(path: string): Promise<CampaignState> {
  return fold(path, parse(path, await readText(path)))
}

/** Core is loaded only here: it brings the stores with it, and every command would start slower. */
async function requireLock(path: string): Promise<{ release(): void }> {
  const { lockFile } = await import('@errand/core')
  const lock = lockFile(`${path}.lock`)
  if (lock !== undefined) return lock
  throw new UserError('This campaign is being sent by another process.', {
    remedy: 'Look at it with `errand fanout status`.',
  })
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    if (!(cause instanceof Error && 'code' in cause && cause.code === 'ENOENT')) throw cause
    throw new UserError(`There is no campaign at ${path}.`, {
      remedy: '`errand fanout list` shows those there are.',
      cause,
    })
  })
}

function parse(path: string, text: string): JournalRecord[] {
  const lines = text.split('\n').slice(0, -1)
  return lines.map((line, index) => {
    try {
      return JournalRecord.parse(JSON.parse(line))
    } catch (cause) {
      if (!(cause instanceof SyntaxError || cause instanceof z.ZodError)) throw cause
      throw new UserError(`${path}, line ${index + 1}, is not a line of a campaign's journal.`, {
        cause,
      })
    }
  })
}

interface Folded {
  campaign: CampaignRecord
  progress: Map<string, Progress>
  isCanaryPassed: boolean
  overAtResume: Map<string, number>
  maxAiCredits: number | undefined
}

function fold(path: string, records: readonly JournalRecord[]): Folded {
  const [campaign, ...rest] = records
  if (campaign === undefined) {
    throw new UserError(
      `${path} has no whole first line: its writer died before it sent anything.`,
      {
        remedy: 'Remove the file, and begin the campaign anew.',
      },
    )
  }
  if (campaign.type !== 'campaign') {
    throw new UserError(`${path} does not begin with the campaign that it is of.`)
  }
  const progress = new Map(
    campaign.tasks.map((task) => [task.repository, plannedProgress(task)] as const),
  )
  const folded: Folded = {
    campaign,
    progress,
    isCanaryPassed: false,
    overAtResume: new Map(),
    maxAiCredits: campaign.campaign.max_ai_credits,
  }
  for (const record of rest) if (record.type !== 'campaign') applyTo(folded, record)
  return folded
}

function applyTo(folded: Folded, record: LaterRecord): void {
  if (record.type === 'canary_passed') {
    folded.isCanaryPassed = true
    return
  }
  if (record.type === 'budget') {
    folded.maxAiCredits = record.max_ai_credits
    return
  }
  const { progress } = folded
  if (record.type === 'resumed') {
    const over = [...progress.values()].filter(hasOutcome)
    for (const { repository, attempt } of over) folded.overAtResume.set(repository, attempt)
    return
  }
  const before = progress.get(record.repository)
  if (before !== undefined) progress.set(record.repository, applyRecord(before, record))
}

function writer(file: FileHandle, folded: Folded, lock: { release(): void }): Journal {
  let last: Promise<void> = Promise.resolve()

  async function write(record: LaterRecord): Promise<void> {
    await file.appendFile(lineOf(record))
    await file.datasync()
    applyTo(folded, record)
  }
  return {
    campaign: folded.campaign,
    progress: folded.progress,
    overAtResume: folded.overAtResume,
    get isCanaryPassed() {
      return folded.isCanaryPassed
    },
    get maxAiCredits() {
      return folded.maxAiCredits
    },
    append(record) {
      const whole = { ...record, at: new Date().toISOString() }
      // One after the other; a failure is told to whoever wrote that line.
      const written = last.then(() => write(whole))
      last = written.catch(() => undefined)
      return written
    },
    async [Symbol.asyncDispose]() {
      await last
      await file.close()
      lock.release()
    },
  }
}

function lineOf(record: JournalRecord): string {
  return `${JSON.stringify(record)}\n`
}

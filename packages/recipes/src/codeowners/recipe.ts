import { z } from 'zod'
import { defineRecipe } from '../recipe.ts'
import type { Repository } from '../repository/repository.ts'

const paths = ['.github/CODEOWNERS', 'CODEOWNERS', 'docs/CODEOWNERS']
const begin = '# errand-recipe: begin'
const end = '# errand-recipe: end'

/** A program that signs commits is nobody's owner. */
const bot = /\[bot\]|^(dependabot|renovate|github-actions|greenkeeper|noreply)\b/i

export const codeowners = defineRecipe({
  name: 'codeowners',
  summary: 'write CODEOWNERS by who worked on which folders',
  description: [
    'Counts who committed to each folder at the top, of late, and writes those with the largest shares',
    'into CODEOWNERS, between two marks: what stands outside of them is left alone. GitHub takes its',
    'last rule that fits, so your own go below. People are named by the login of a noreply address,',
    'else by their e-mail address.',
  ].join(' '),
  options: z.strictObject({
    days: z.coerce
      .number()
      .int()
      .min(1)
      .max(36_500)
      .exactOptional()
      .describe('how far back commits count, from the latest one (default 365)'),
    owners: z.coerce
      .number()
      .int()
      .min(1)
      .max(10)
      .exactOptional()
      .describe('most owners of a folder (default 2)'),
    min_share: z.coerce
      .number()
      .min(0.01)
      .max(1)
      .exactOptional()
      .describe('the least part of the commits an owner has (default 0.2)'),
  }),
  example: { days: '180', owners: '3' },
  async run(repository, { days = 365, owners: most = 2, min_share: share = 0.2 }) {
    const counts = await countCommits(repository, days)
    const rules = [...counts]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([folder, people]) => {
        const owners = leaders(people, most, share)
        return owners.length === 0 ? [] : [`${pattern(folder)} ${owners.join(' ')}`]
      })
    if (rules.length === 0) {
      return { type: 'nothing', reason: 'Nothing to write: no person has committed in that time.' }
    }
    const path = paths.find((name) => repository.files.has(name)) ?? '.github/CODEOWNERS'
    const before = await repository.readText(path)
    const after = replaceBlock(before ?? '', [begin, ...rules, end].join('\n'))
    if (before === after) return { type: 'nothing', reason: `${path} is as it should be.` }
    return {
      type: 'changes',
      title: 'chore: bring CODEOWNERS up to date',
      body: `By the commits of ${days} days before the latest one:\n\n\`\`\`\n${rules.join('\n')}\n\`\`\``,
      changes: [{ path, ...(before !== undefined && { before }), after }],
      report: rules,
    }
  },
})

type People = Map<string, number>

/** Commits per person, for the repository as a whole (`''`) and each folder at its top. */
async function countCommits(repository: Repository, days: number): Promise<Map<string, People>> {
  const latest = Number(await repository.git(['log', '-1', '--format=%ct', repository.commit]))
  const log = await repository.git([
    'log',
    '--no-merges',
    '--no-renames',
    '--name-only',
    '-z',
    `--since=${latest - days * 86_400}`,
    '--format=%x01%aE%x02',
    repository.commit,
  ])
  const folders = new Set([...repository.files.keys()].flatMap((path) => topFolder(path) ?? []))
  const counts = new Map<string, People>()
  for (const record of log.split('\u0001').slice(1)) {
    const [email = '', names = ''] = record.split('\u0002')
    const owner = ownerOf(email)
    if (owner === undefined) continue
    const touched = names.split(/[\0\n]/).flatMap((path) => topFolder(path) ?? [])
    for (const folder of new Set(['', ...touched.filter((name) => folders.has(name))])) {
      const people = counts.get(folder) ?? new Map<string, number>()
      counts.set(folder, people.set(owner, (people.get(owner) ?? 0) + 1))
    }
  }
  return counts
}

function topFolder(path: string): string | undefined {
  const at = path.indexOf('/')
  return at < 1 ? undefined : path.slice(0, at)
}

/** `@login` for a noreply address of GitHub's, with or without the number before it. */
function ownerOf(email: string): string | undefined {
  const login = /^(?:\d+\+)?([A-Za-z0-9][A-Za-z0-9-]*)@users\.noreply\.[a-z0-9.-]+$/i.exec(
    email,
  )?.[1]
  if (bot.test(email)) return undefined
  if (login !== undefined) return `@${login}`
  return /^[\w.+-]+@[\w-]+(\.[\w-]+)+$/.test(email) ? email.toLowerCase() : undefined
}

function leaders(people: People, most: number, share: number): string[] {
  const total = [...people.values()].reduce((sum, count) => sum + count, 0)
  return [...people]
    .filter(([, count]) => count / total >= share)
    .toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
    .slice(0, most)
    .map(([owner]) => owner)
}

/** Folders are written as gitignore patterns, in which some characters mean something. */
function pattern(folder: string): string {
  return folder === '' ? '*' : `/${folder.replace(/[\\*?[\]!# ]/g, String.raw`\$&`)}/`
}

function replaceBlock(text: string, block: string): string {
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from >= 0 && to >= 0) return text.slice(0, from) + block + text.slice(to + end.length)
  // At the top, where everything that stands below goes before it.
  return text === '' ? `${block}\n` : `${block}\n\n${text}`
}

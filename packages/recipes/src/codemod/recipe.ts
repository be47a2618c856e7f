import { Lang, parse, type SgNode } from '@ast-grep/napi'
import { z } from 'zod'
import { defineRecipe } from '../recipe.ts'
import { RecipeError } from '../recipe-error.ts'
import type { Change, Repository } from '../repository/repository.ts'
import { isForeign } from '../repository/is-foreign.ts'
import { applyEdits } from '../text-edit.ts'

const languages: Readonly<Record<string, { lang: Lang; extensions: RegExp }>> = {
  javascript: { lang: Lang.JavaScript, extensions: /\.(js|jsx|mjs|cjs)$/ },
  typescript: { lang: Lang.TypeScript, extensions: /\.(ts|mts|cts)$/ },
  tsx: { lang: Lang.Tsx, extensions: /\.tsx$/ },
  html: { lang: Lang.Html, extensions: /\.(html?|vue)$/ },
  css: { lang: Lang.Css, extensions: /\.css$/ },
}

/** Rewriting what was rewritten ends after so many rounds, by when only an endless rule goes on. */
const mostRounds = 20

export const codemod = defineRecipe({
  name: 'codemod',
  summary: 'rewrite code by a pattern of its syntax, with ast-grep',
  description: [
    'Finds code by an ast-grep pattern, in which $NAME stands for one piece of syntax and $$$NAME for',
    'any number, and writes the rewrite in its place with the same pieces. Vendored and generated files',
    'are left alone. Languages: javascript, typescript, tsx, html, css.',
  ].join(' '),
  options: z.strictObject({
    pattern: z
      .string()
      .min(1)
      .max(10_000)
      .describe('the code to find, like `assert.equal($A, $B)`'),
    rewrite: z.string().max(10_000).describe('what comes in its place; empty removes it'),
    lang: z.enum(['javascript', 'typescript', 'tsx', 'html', 'css']).describe('the language'),
  }),
  identifiedBy: ['pattern', 'lang'],
  example: {
    pattern: 'assert.equal($A, $B)',
    rewrite: 'assert.strictEqual($A, $B)',
    lang: 'javascript',
  },
  async run(repository, { pattern, rewrite, lang }, { signal }) {
    const language = languages[lang]
    if (language === undefined) throw new RecipeError(`lang: ${lang} is not known.`)
    const changes: Change[] = []
    let places = 0
    for (const [path, before] of await readSources(repository, language.extensions)) {
      signal.throwIfAborted()
      const { text: after, count } = rewriteText(language.lang, before, pattern, rewrite)
      if (after === before) continue
      places += count
      changes.push({ path, before, after })
    }
    if (changes.length === 0) {
      return { type: 'nothing', reason: `Nothing to rewrite: no ${lang} code is like ${pattern}.` }
    }
    const where = `${places} ${places === 1 ? 'place' : 'places'} in ${changes.length} files`
    return {
      type: 'changes',
      title: `refactor: rewrite ${oneLine(pattern)}`,
      body: `Rewrites ${where}:\n\n${fenced(pattern)}\n\nbecomes\n\n${fenced(rewrite)}`,
      changes,
      report: [`rewrote ${where}`, ...changes.map(({ path }) => path)],
    }
  },
})

async function readSources(
  repository: Repository,
  extensions: RegExp,
): Promise<Map<string, string>> {
  const paths = [...repository.files.keys()].filter(
    (path) => extensions.test(path) && !isForeign(path),
  )
  return await repository.readTexts(paths)
}

function rewriteText(
  lang: Lang,
  before: string,
  pattern: string,
  rewrite: string,
): { text: string; count: number } {
  let text = before
  let count = 0
  for (let round = 0; round < mostRounds; round += 1) {
    const matches = outermost(find(lang, text, pattern))
    const edits = matches.map((match) => {
      const { start, end } = match.range()
      const written = fillIn(rewrite, match, text)
      return { start: start.index, end: end.index, text: written }
    })
    const next = applyEdits(text, edits)
    if (next === text) break
    text = next
    count += matches.length
    // A match within a match is found once the outer one is rewritten; without one this is the end.
    if (matches.every((match) => match.findAll(pattern).length <= 1)) break
  }
  return { text, count }
}

function find(lang: Lang, text: string, pattern: string): SgNode[] {
  try {
    return parse(lang, text).root().findAll(pattern)
  } catch (error) {
    throw new RecipeError(`pattern: ${oneLine(pattern)} cannot be read as ${lang}.`, {
      cause: error,
    })
  }
}

function outermost(nodes: readonly SgNode[]): SgNode[] {
  let end = -1
  return nodes
    .toSorted((a, b) => a.range().start.index - b.range().start.index)
    .filter((node) => {
      const range = node.range()
      if (range.start.index < end) return false
      end = range.end.index
      return true
    })
}

/** `$$$NAME` with all that lies between the first and the last of its nodes, `$NAME` with its node. */
function fillIn(rewrite: string, match: SgNode, source: string): string {
  return rewrite.replace(/\$\$\$([A-Z_][A-Z0-9_]*)|\$([A-Z_][A-Z0-9_]*)/g, (_, many, one) => {
    if (typeof one === 'string') return match.getMatch(one)?.text() ?? ''
    const nodes = match.getMultipleMatches(String(many))
    const first = nodes[0]
    const last = nodes.at(-1)
    if (first === undefined || last === undefined) return ''
    return source.slice(first.range().start.index, last.range().end.index)
  })
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 59)}…` : line
}

function fenced(code: string): string {
  const longest = Math.max(2, ...[...code.matchAll(/`+/g)].map(([row]) => row.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}\n${code}\n${fence}`
}

import { z } from 'zod'
import { defineRecipe } from '../recipe.ts'
import type { Change } from '../repository/repository.ts'
import { isForeign } from '../repository/is-foreign.ts'
import { type CommentStyle, commentStyleOf } from './comment-styles.ts'

export const licenseHeaders = defineRecipe({
  name: 'license-headers',
  summary: 'put the SPDX licence header on every source file, or bring it up to date',
  description: [
    'Writes `SPDX-License-Identifier` and, when given, `SPDX-FileCopyrightText` at the top of each',
    'source file as a comment of its language, below a `#!` line, an XML declaration or an encoding.',
    'A header of that form is changed in place. Generated, vendored and binary files, and files whose',
    'first lines have a licence in other words, are left alone.',
  ].join(' '),
  options: z.strictObject({
    license: z
      .string()
      .regex(/^[A-Za-z0-9.+() -]{1,100}$/, 'an SPDX expression, like Apache-2.0')
      .describe('the SPDX expression, like `Apache-2.0` or `MIT OR Apache-2.0`'),
    holder: z
      .string()
      .max(200)
      .regex(/^[^\r\n<>*]+$/, 'one line')
      .exactOptional()
      .describe('the copyright line, like `2026 Acme Ltd`; without it there is none'),
  }),
  example: { license: 'Apache-2.0', holder: '2026 Acme Ltd' },
  async run(repository, { license, holder }) {
    const paths = [...repository.files.keys()].filter(
      (path) => commentStyleOf(path) !== undefined && !isForeign(path),
    )
    const changes: Change[] = []
    for (const [path, before] of await repository.readTexts(paths)) {
      const style = commentStyleOf(path)
      if (style === undefined) continue
      const after = withHeader(before, style, license, holder)
      if (after !== before) changes.push({ path, before, after })
    }
    if (changes.length === 0) {
      return { type: 'nothing', reason: `Every source file has the header of ${license} already.` }
    }
    const files = changes.length === 1 ? '1 file' : `${changes.length} files`
    return {
      type: 'changes',
      title: `chore: licence headers for ${license}`,
      body: `Puts \`SPDX-License-Identifier: ${license}\` on ${files}.`,
      changes,
      report: [`headers in ${files}`, ...changes.slice(0, 200).map(({ path }) => path)],
    }
  },
})

/** What has to stay in the first line. */
const firstLines =
  /^(#!.*\r?\n)?(#.*coding[:=].*\r?\n|<\?xml[^\n]*\?>\r?\n|<!doctype[^\n]*\r?\n|<\?php\r?\n)?/i
const identifier = /(SPDX-License-Identifier:[ \t]*)([A-Za-z0-9.+() -]*[A-Za-z0-9.+)])/
const copyright = /(SPDX-FileCopyrightText:[ \t]*)([^\r\n]*?)(?=[ \t]*(?:\*\/|-->)?\r?$)/m
const otherWords =
  /copyright|licen[sc]ed? under|all rights reserved|@generated|code generated|do not edit/i

/** How much of a file counts as its head, in characters. */
const headLength = 2000

function withHeader(
  text: string,
  style: CommentStyle,
  license: string,
  holder: string | undefined,
): string {
  const start = text.startsWith('\ufeff') ? 1 : 0
  const head = headOf(text)
  if (identifier.test(head)) {
    const renewed = head.replace(identifier, (_, name: string) => name + license)
    const held =
      holder === undefined
        ? renewed
        : renewed.replace(copyright, (_, name: string) => name + holder)
    return held + text.slice(head.length)
  }
  if (otherWords.test(head)) return text
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = [
    ...(holder === undefined ? [] : [`SPDX-FileCopyrightText: ${holder}`]),
    `SPDX-License-Identifier: ${license}`,
  ].map((line) => style.line + line)
  const [open, close] = style.around ?? []
  const header = [
    ...(open === undefined ? [] : [open]),
    ...lines,
    ...(close === undefined ? [] : [close]),
  ]
  const at = start + (firstLines.exec(text.slice(start))?.[0].length ?? 0)
  const rest = text.slice(at)
  const gap = rest === '' || /^\r?\n/.test(rest) ? '' : newline
  return `${text.slice(0, at)}${header.join(newline)}${newline}${gap}${rest}`
}

/** The comment at the top: up to the first line that is no comment and not empty. */
function headOf(text: string): string {
  let length = 0
  let isBlock = false
  for (const line of text.slice(0, headLength).split(/(?<=\n)/)) {
    const isOpened = /^\ufeff?\s*(\/\*|<!--|"""|''')/.test(line)
    const isLine = /^\ufeff?\s*(\/\/|#|--|\*|<\?|<!|$)/.test(line)
    if (!isBlock && !isOpened && !isLine) break
    if (isOpened) isBlock = true
    if (/\*\/|-->/.test(line)) isBlock = false
    length += line.length
  }
  return text.slice(0, length)
}

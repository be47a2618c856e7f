type Root = ReturnType<typeof import('mdast-util-from-markdown').fromMarkdown>
type Node = Root | Root['children'][number]

/** Longest comment read, in UTF-16 units: GitHub's limit. */
const longestComment = 65_536

/** What speaks to nobody: code, what somebody else said, and what is not to be seen. */
const unspoken = new Set(['code', 'inlineCode', 'blockquote', 'html', 'definition'])

/** Whether the name occurs at all: told without reading the Markdown of whoever may write a comment. */
export function mayMention(body: string, mention: string): boolean {
  return body.length <= longestComment && body.toLowerCase().includes(mention.toLowerCase())
}

/**
 * What a comment asks of Errand: its text without the name at its beginning, and without HTML comments,
 * which a reader of the pull request does not see. Undefined where it does not speak to Errand: the name
 * stands nowhere, or only in code, a quotation or an HTML comment.
 */
export async function commandIn(body: string, mention: string): Promise<string | undefined> {
  if (!mayMention(body, mention)) return undefined
  // Loaded with the first comment: most servers read none.
  const { fromMarkdown } = await import('mdast-util-from-markdown')
  const texts: string[] = []
  const hidden: { start: number; end: number }[] = []
  // With a list of what is left to look at, depth is no matter.
  const left: Node[] = [fromMarkdown(body)]
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (node.type === 'html') hidden.push(rangeOf(node))
    if (unspoken.has(node.type)) continue
    if (node.type === 'text') texts.push(body.slice(rangeOf(node).start, rangeOf(node).end))
    if ('children' in node) left.push(...node.children)
  }
  const name = nameOf(mention)
  if (!texts.some((text) => name.test(text))) return undefined
  return withoutName(withoutComments(body, hidden), mention)
}

/** Not as part of an address, of a longer name, or of a team's. */
function nameOf(mention: string): RegExp {
  return new RegExp(`(?<![\\w@/.+-])${mention}(?![\\w/-]|\\.\\w)`, 'i')
}

function withoutName(text: string, mention: string): string {
  const trimmed = text.trim()
  const found = nameOf(mention).exec(trimmed)
  if (found?.index !== 0) return trimmed
  return trimmed.slice(mention.length).replace(/^[\s,:]+/, '')
}

function withoutComments(body: string, ranges: { start: number; end: number }[]): string {
  let text = body
  for (const { start, end } of ranges.toSorted((a, b) => b.start - a.start)) {
    const html = text.slice(start, end).replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    text = text.slice(0, start) + html + text.slice(end)
  }
  return text
}

function rangeOf({ position }: Node): { start: number; end: number } {
  return { start: position?.start.offset ?? 0, end: position?.end.offset ?? 0 }
}

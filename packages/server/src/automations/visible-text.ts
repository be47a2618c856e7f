/**
 * What a reader does not see: joiners and spaces without width, marks that turn text around, tags, variation
 * selectors, and control characters but tab and line end.
 */
const invisible =
  // eslint-disable-next-line no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u{e0000}-\u{e0fff}]/gu

/** Whoever puts comments into comments more often than this has the rest left out. */
const mostPasses = 10

/**
 * The part of a Markdown text that whoever looks at it on the forge sees: without HTML comments, also one that
 * does not end, and without invisible characters. An agent is not to be told what its people are not shown.
 */
export function visibleText(text: string, limit: number): string {
  let seen = text.replaceAll('\r\n', '\n').replace(invisible, '')
  // Again, as what is left on both sides of one may be another.
  for (let pass = 0; pass < mostPasses && seen.includes('<!--'); pass += 1) {
    seen = seen.replace(/<!--[\s\S]*?(?:-->|$)/g, '')
  }
  seen = seen.split('<!--', 1)[0] ?? ''
  seen = seen.trim()
  return seen.length > limit ? `${seen.slice(0, limit).toWellFormed()}…` : seen
}

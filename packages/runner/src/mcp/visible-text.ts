import { printable } from '../printable.ts'

/**
 * Characters that nobody sees and models read: zero-width ones, soft hyphens, variation selectors, and the
 * tags in which a whole text can be hidden.
 */
const invisible = new RegExp(
  [
    String.raw`[\u00ad\u061c\u115f\u1160\u200b-\u200f\u2060-\u206f\u3164\ufeff\uffa0]`,
    // Of these some join the character before them, so each stands alone.
    String.raw`\u034f|\u17b4|\u17b5|[\u180b-\u180f]|[\ufe00-\ufe0f]`,
    String.raw`[\u{1d173}-\u{1d17a}]|[\u{e0000}-\u{e0fff}]`,
  ].join('|'),
  'gu',
)

/** A text as a reader sees it. */
export function visibleText(text: string): string {
  return printable(text).replace(invisible, '')
}

/** Markdown of somebody's, without the comments that no reader of the page sees. */
export function visibleMarkdown(text: string): string {
  return visibleText(text).replace(/<!--[\s\S]*?(?:-->|$)/g, '')
}

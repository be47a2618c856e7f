/**
 * Everything that moves a cursor, changes a terminal, or turns text around: C0 and C1 control
 * characters but tab and newline, and Unicode's bidirectional and invisible ones.
 */
const dangerous =
  // eslint-disable-next-line no-misleading-character-class
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/**
 * Text of an agent, a repository or a server made harmless for a terminal: control characters become
 * visible (`^[` for escape), so that nothing can be hidden, forged or typed on the reader's behalf.
 */
export function printable(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(dangerous, show)
}

/** The same for a place that has one line: line ends and tabs become spaces. */
export function printableLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim())
}

function show(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x20) return `^${String.fromCodePoint(code + 0x40)}`
  if (code === 0x7f) return '^?'
  return `<U+${code.toString(16).toUpperCase().padStart(4, '0')}>`
}

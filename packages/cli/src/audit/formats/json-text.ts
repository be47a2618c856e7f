/** What moves a cursor or turns text around, and JSON would leave as it is. */
const dangerous = /[\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

/** JSON that means the same, and that is safe to look at on a terminal. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, undefined, 2)
  return `${text.replace(dangerous, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
}

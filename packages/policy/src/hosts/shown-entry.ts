const maxCharacters = 200

/** An entry of an allowlist as a report may show it: without a password that somebody wrote into a URL. */
export function shownEntry(entry: string): string {
  const text = entry.replace(/\/\/[^/]*@/, '//…@').replace(/[?#].*$/s, '?…')
  return text.length > maxCharacters ? `${text.slice(0, maxCharacters)}…` : text
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

/** Text for any place of an HTML file between tags or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '')
}

/** A link where the address is one of the web; only the text where it is not, such as `javascript:`. */
export function linkOf(text: string, url: string | null): string {
  const isOfWeb = url !== null && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  return isOfWeb ? `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>` : escapeHtml(text)
}

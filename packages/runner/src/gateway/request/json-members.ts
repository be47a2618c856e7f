/** Where a member of a JSON object stands in its text. */
export interface Member {
  key: string
  keyStart: number
  valueStart: number
  /** Past the value's last character. */
  valueEnd: number
}

/**
 * The members of the outermost object of a JSON text that has been parsed before and so is known to be
 * one. For changing one value and leaving every other byte as it came: to parse and write again would
 * change numbers, escapes and order.
 */
export function outermostMembers(text: string): Member[] {
  const members: Member[] = []
  let at = skipSpace(text, text.indexOf('{') + 1)
  while (text[at] !== '}') {
    const keyStart = at
    const keyEnd = skipString(text, at)
    // The text was parsed: this is a JSON string.
    const key = JSON.parse(text.slice(keyStart, keyEnd)) as string
    const valueStart = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const valueEnd = skipValue(text, valueStart)
    members.push({ key, keyStart, valueStart, valueEnd })
    at = skipSpace(text, valueEnd)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return members
}

/** Replaces the value of every outermost member of that name, as JSON text. */
export function replaceMember(text: string, key: string, value: string): string {
  // In pieces: however often an agent repeats a member, the text is written once.
  const pieces: string[] = []
  let end = 0
  for (const { key: found, valueStart, valueEnd } of outermostMembers(text)) {
    if (found !== key || text.slice(valueStart, valueEnd) === value) continue
    pieces.push(text.slice(end, valueStart), value)
    end = valueEnd
  }
  return end === 0 ? text : pieces.join('') + text.slice(end)
}

/** Adds a member at the beginning of the outermost object. */
export function addMember(text: string, key: string, value: string): string {
  const at = text.indexOf('{') + 1
  const isEmpty = text[skipSpace(text, at)] === '}'
  return `${text.slice(0, at)}${JSON.stringify(key)}:${value}${isEmpty ? '' : ','}${text.slice(at)}`
}

/** Takes every outermost member of that name out, each with the comma after it; the last ones with that before. */
export function removeMember(text: string, key: string): string {
  const members = outermostMembers(text)
  const [first, last] = [members[0], members.at(-1)]
  const kept = members.flatMap((member, index) => (member.key === key ? [] : [index]))
  if (first === undefined || last === undefined || kept.length === members.length) return text
  const pieces = kept.map((index, at) => {
    const member = members[index]
    const next = at === kept.length - 1 ? undefined : members[index + 1]
    return text.slice(member?.keyStart, next?.keyStart ?? member?.valueEnd)
  })
  return text.slice(0, first.keyStart) + pieces.join('') + text.slice(last.valueEnd)
}

function skipSpace(text: string, at: number): number {
  while (isSpace(text.charCodeAt(at))) at += 1
  return at
}

/** What JSON calls space. */
function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/** Prompts are long: so it looks for the end, and not at each character. */
function skipString(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); ; end = text.indexOf('"', end + 1)) {
    let escapes = 0
    while (text[end - 1 - escapes] === '\\') escapes += 1
    if (escapes % 2 === 0) return end + 1
  }
}

function skipValue(text: string, at: number): number {
  if (text[at] === '"') return skipString(text, at)
  if (text[at] !== '{' && text[at] !== '[') {
    while (!/[\s,}\]]/.test(text[at] ?? ' ')) at += 1
    return at
  }
  let depth = 0
  do {
    const character = text[at]
    if (character === '"') {
      at = skipString(text, at)
      continue
    }
    if (character === '{' || character === '[') depth += 1
    if (character === '}' || character === ']') depth -= 1
    at += 1
  } while (depth > 0)
  return at
}

import { parse } from 'yaml'

/** A Markdown file taken apart. */
export type FrontMatter =
  | {
      /** Empty where it begins with none. */
      fields: Record<string, unknown>
      body: string
    }
  | { problem: string }

/**
 * Reads the front matter of a Markdown file: the YAML mapping between two lines of three dashes at its very
 * top. A text may also begin with a ruled line: what stands between two of them and is no mapping is text.
 */
export function parseFrontMatter(text: string): FrontMatter {
  const match = /^\uFEFF?---[ \t]*\r?\n([\s\S]*?)(?:\r?\n)?---[ \t]*(?:\r?\n|$)/.exec(text)
  if (match === null) return { fields: {}, body: text.trim() }
  const read = readYaml(match[1] ?? '')
  if ('problem' in read) return { problem: read.problem }
  const { value } = read
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    return { fields: {}, body: text.trim() }
  }
  return {
    // An object that is no array, of YAML: its keys are texts.
    fields: (value ?? {}) as Record<string, unknown>,
    body: text.slice(match[0].length).trim(),
  }
}

/** Aliases can make much of little; no front matter needs them. */
function readYaml(yaml: string): { value: unknown } | { problem: string } {
  try {
    return { value: parse(yaml, { maxAliasCount: 0 }) as unknown }
  } catch (error) {
    const [line = 'it is no YAML'] = error instanceof Error ? error.message.split('\n') : []
    return { problem: `its front matter cannot be read: ${line.replace(/:$/, '')}` }
  }
}

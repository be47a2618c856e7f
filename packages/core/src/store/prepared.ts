import { createHash } from 'node:crypto'
import { type RawBuilder, sql } from 'kysely'

const mark = '/* prepared */'

/**
 * Begins a statement that is sent over and over: PostgreSQL parses it once for each connection instead of each time,
 * which for a statement of many parts takes longer than to carry it out. It must name the columns it returns: of
 * `*` PostgreSQL insists that they stay the same, whoever migrates meanwhile. PGlite has one connection and no use for it.
 */
export const prepared: RawBuilder<unknown> = sql.raw(mark)

/** The statement as node-postgres takes it: with a name where it is to be prepared. */
export function presentStatement(
  text: string,
  parameters: readonly unknown[],
): { text: string; values: unknown[]; name?: string } {
  const values = [...parameters]
  if (!text.startsWith(mark)) return { text, values }
  // The same name is the same text, also when a clock of a test is part of it.
  return { text, values, name: createHash('sha1').update(text).digest('hex') }
}

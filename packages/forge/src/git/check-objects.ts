import type { ConfigEntry } from './environment.ts'

/**
 * Old histories hold commits whose dates and names are written oddly. That harms nobody, and without
 * them such a history could not be hosted at all.
 */
const harmless = [
  'badDate',
  'badDateOverflow',
  'badEmail',
  'badTimezone',
  'missingEmail',
  'missingNameBeforeEmail',
  'missingSpaceBeforeDate',
  'missingSpaceBeforeEmail',
  'multipleAuthors',
  'zeroPaddedDate',
  'zeroPaddedFilemode',
]

/**
 * Has git check every object that comes in: no `.git` in a tree, no path or link that escapes, no
 * submodule that runs something.
 */
export function checkObjects(direction: 'receive' | 'fetch'): ConfigEntry[] {
  return [
    [`${direction}.fsckObjects`, 'true'],
    ...harmless.map((name): ConfigEntry => [`${direction}.fsck.${name}`, 'warn']),
  ]
}

// Before the sources are loaded: what Node compiles of them is kept, so that the next start takes half as long.
import { statSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { dirname, isAbsolute, join } from 'node:path'

const folder = findCacheFolder()
// One that is named by NODE_COMPILE_CACHE is in use already.
if (folder !== undefined && process.env.NODE_COMPILE_CACHE === undefined) {
  enableCompileCache(join(folder, 'errand', 'node'))
}

/**
 * Who writes there has us run what they like: it has to be the user's own, whatever the environment says, and no path
 * of the folder we happen to be in.
 *
 * @returns {string | undefined}
 */
function findCacheFolder() {
  const { HOME = '', XDG_CACHE_HOME } = process.env
  const cacheHome = XDG_CACHE_HOME || join(HOME, '.cache')
  if (!isAbsolute(cacheHome)) return undefined
  const place = statOf(cacheHome) ?? statOf(dirname(cacheHome))
  const isOwn = place?.uid === process.getuid?.() && (place.mode & 0o002) === 0
  return isOwn ? cacheHome : undefined
}

/** @param {string} path */
function statOf(path) {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}

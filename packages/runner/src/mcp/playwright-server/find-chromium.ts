import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  openSync,
  readSync,
  realpathSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** A Chromium of this machine, and what of the machine it needs to be shown. */
export interface Chromium {
  program: string
  readOnlyPaths: string[]
}

/** Where distributions, and Google's package, put it. */
const places = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'].flatMap(
  (name) => ['/usr/bin', '/usr/local/bin'].map((folder) => `${folder}/${name}`),
)
/** Debian's program is a script that reads the first; without the second letters are drawn as boxes. */
const configuration = ['/etc/chromium.d', '/etc/fonts']

/**
 * The Chromium that boxes can run; undefined where this machine has none.
 *
 * @param configured where the settings say that it is. Default: looked for where it is installed to
 */
export function findChromium(
  configured?: string,
  usual: readonly string[] = places,
): Chromium | undefined {
  const found = (configured === undefined ? usual : [configured]).find(isProgram)
  if (found === undefined) return undefined
  const program = realpathSync(found)
  const folder = dirname(program)
  return {
    program,
    readOnlyPaths: [
      ...configuration.filter((path) => existsSync(path)),
      // Boxes have all of /usr.
      ...(folder.startsWith('/usr/') ? [] : [folder]),
    ],
  }
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return !isSnap(path)
  } catch {
    return false
  }
}

/** Ubuntu's is a script that has snapd start it, which is in no box. */
function isSnap(path: string): boolean {
  if (/\/snap(\/|$)/.test(realpathSync(path))) return true
  const file = openSync(path, 'r')
  try {
    const start = Buffer.alloc(4096)
    const text = start.toString('latin1', 0, readSync(file, start))
    return text.startsWith('#!') && text.includes('/snap/bin/')
  } finally {
    closeSync(file)
  }
}

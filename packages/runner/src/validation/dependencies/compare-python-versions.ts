/** Parts of a version by PEP 440: epoch, release, and what comes before and after a release. */
interface PythonVersion {
  epoch: number
  release: number[]
  /** Of versions with the same release, what is lower is older: dev, a, b, rc, none, post. */
  pre: [phase: number, number: number]
  post: number
  dev: number
}

const form =
  /^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+[a-z0-9._-]+)?$/
const phases: Readonly<Record<string, number>> = { a: 0, alpha: 0, b: 1, beta: 1 }

/**
 * Compares two versions of Python packages (https://peps.python.org/pep-0440/): below 0 where the first is older.
 * Local parts do not count. Undefined where one is no version.
 */
export function comparePythonVersions(one: string, other: string): number | undefined {
  const [a, b] = [parse(one), parse(other)]
  if (a === undefined || b === undefined) return undefined
  const length = Math.max(a.release.length, b.release.length)
  const pad = ({ release }: PythonVersion): number[] => [
    ...release,
    ...Array.from({ length: length - release.length }, () => 0),
  ]
  const keyOf = (it: PythonVersion): number[] => [it.epoch, ...pad(it), ...it.pre, it.post, it.dev]
  const [first, second] = [keyOf(a), keyOf(b)]
  const at = first.findIndex((part, index) => part !== second[index])
  return at === -1 ? 0 : Math.sign((first[at] ?? 0) - (second[at] ?? 0))
}

function parse(text: string): PythonVersion | undefined {
  const match = form.exec(text.trim().toLowerCase())
  if (match === null) return undefined
  const [, epoch, release = '', phase, number, dash, post, postNumber, dev, devNumber] = match
  const isPost = dash !== undefined || post !== undefined
  return {
    epoch: Number(epoch ?? 0),
    release: release.split('.').map(Number),
    pre: preOf({ phase, number, isPost, isDev: dev !== undefined }),
    post: isPost ? Number(dash ?? (postNumber || 0)) : -1,
    dev: dev === undefined ? Infinity : Number(devNumber || 0),
  }
}

/** A development version of a release is older than all its pre-releases. */
function preOf(parts: {
  phase: string | undefined
  number: string | undefined
  isPost: boolean
  isDev: boolean
}): PythonVersion['pre'] {
  const { phase, number, isPost, isDev } = parts
  if (phase !== undefined) return [phases[phase] ?? 2, Number(number || 0)]
  return [isDev && !isPost ? -1 : 3, 0]
}

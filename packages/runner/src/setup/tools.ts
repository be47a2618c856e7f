import semver from 'semver'

/** A tool that an action of GitHub's sets up, and that a machine of one's own has or has not. */
export interface Tool {
  /** As people call it. */
  title: string
  /** What the action's inputs begin with: `node-version`, `node-version-file`. */
  input: string
  /** The commands that print a version, tried in order. */
  commands: readonly (readonly [string, ...string[]])[]
  /** Words that mean whatever version is there, for which the action has its own look-up. */
  anyVersion: RegExp
}

/** The actions, without their versions: all of theirs mean the same here. */
export const tools: Readonly<Record<string, Tool>> = {
  'actions/setup-node': {
    title: 'Node',
    input: 'node',
    commands: [['node', '--version']],
    anyVersion: /^(latest|current|node|\*)$/,
  },
  'actions/setup-python': {
    title: 'Python',
    input: 'python',
    commands: [
      ['python', '--version'],
      ['python3', '--version'],
    ],
    anyVersion: /^(3\.x|3|x|\*)$/,
  },
  'actions/setup-go': {
    title: 'Go',
    input: 'go',
    // Not the version of another one that a go.mod asks it to fetch.
    commands: [['env', 'GOTOOLCHAIN=local', 'go', 'version']],
    anyVersion: /^(stable|oldstable|\*)$/,
  },
  'actions/setup-java': {
    title: 'Java',
    input: 'java',
    commands: [['java', '-version']],
    anyVersion: /^\*$/,
  },
}

/** The version in what a tool printed: `v24.1.0`, `Python 3.13.5`, `go version go1.24.4 linux/amd64`. */
export function versionIn(printed: string): string | undefined {
  const [, version] = /(?:^|[^\d.])(\d+(?:\.\d+){0,2})/.exec(printed) ?? []
  return version === undefined ? undefined : semver.coerce(version)?.version
}

/**
 * Whether a version is one of those asked for. `unknown` where what was asked for is no range of versions:
 * a name, or another make of the tool.
 */
export function isAskedFor(tool: Tool, version: string, asked: string): boolean | 'unknown' {
  const wanted = asked.trim()
  if (tool.anyVersion.test(wanted)) return true
  if (tool.input === 'node' && /^lts(\/\*|\/-\d+)?$/.test(wanted)) {
    return semver.major(version) % 2 === 0
  }
  const range = semver.validRange(
    wanted
      .replace(/^(v|go)(?=\d)/, '')
      // How pip writes it.
      .replace(/~=(?=\d)/g, '~')
      .replace(/==(?=\d)/g, '=')
      .replaceAll(',', ' '),
    { loose: true },
  )
  if (range === null) return 'unknown'
  return semver.satisfies(version, range, { includePrerelease: true, loose: true })
}

/**
 * The version that a file names, as the actions read them: the file of a version manager, or what a project
 * says it needs.
 */
export function versionFromFile(tool: Tool, path: string, text: string): string | undefined {
  const name = path.split('/').at(-1) ?? ''
  if (name === 'package.json') return versionOfPackage(text)
  if (name === 'go.mod' || name === 'go.work') {
    return /^toolchain go(\d\S*)/m.exec(text)?.[1] ?? /^go (\d\S*)/m.exec(text)?.[1]
  }
  if (name === 'pyproject.toml') return /^requires-python\s*=\s*["']([^"']+)/m.exec(text)?.[1]
  if (name === '.tool-versions') return versionOfToolVersions(tool, text)
  const [line] = text
    .split('\n')
    .map((each) => each.replace(/#.*/, '').trim())
    .filter(Boolean)
  return line
}

function versionOfToolVersions({ input }: Tool, text: string): string | undefined {
  const names = input === 'node' ? 'nodejs|node' : input === 'go' ? 'golang|go' : input
  return new RegExp(`^(?:${names})\\s+(?:[a-z]+-)?(\\S+)`, 'm').exec(text)?.[1]
}

function versionOfPackage(text: string): string | undefined {
  let written: unknown
  try {
    written = JSON.parse(text)
  } catch {
    return undefined
  }
  const places = [
    ['volta', 'node'],
    ['devEngines', 'runtime', 'version'],
    ['engines', 'node'],
  ]
  for (const place of places) {
    const found = place.reduce<unknown>(
      (value, key) =>
        typeof value === 'object' && value !== null && Object.hasOwn(value, key)
          ? (value as Record<string, unknown>)[key]
          : undefined,
      written,
    )
    if (typeof found === 'string') return found
  }
  return undefined
}

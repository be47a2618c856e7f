/** The files by which a step hands something on, by the ends of their variables' names (`GITHUB_ENV` …). */
export const environmentFiles = ['env', 'path', 'output', 'state', 'step_summary'] as const
export type EnvironmentFile = (typeof environmentFiles)[number]

/** GitHub's own limit of a summary; nothing else has to be longer. */
export const longestFileBytes = 1024 * 1024
/** The kernel takes no variable of 128 KiB, and no program starts with one. */
const longestValue = 64 * 1024
const mostVariables = 1000
/** Of all variables together: with what else a program is given, it has to fit into two megabytes. */
export const mostVariableBytes = 512 * 1024

/** What a file says, and sentences on what of it is not taken. */
export interface Assignments {
  values: Record<string, string>
  problems: string[]
}

/**
 * `NAME=value` a line, or `NAME<<END`, the lines of the value, and `END`.
 *
 * @param file what it is called in messages, like GITHUB_ENV
 */
export function parseAssignments(text: string, file: string): Assignments {
  const values: Record<string, string> = {}
  const problems: string[] = []
  const lines = text.split(/\r?\n/)
  let bytes = 0
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? ''
    if (line === '') continue
    const [name, value, next] = readAssignment(lines, at)
    if (name === undefined) {
      problems.push(`${file} has a line that is no NAME=value: “${line.slice(0, 60)}”.`)
      break
    }
    if (next === undefined) {
      problems.push(`${file} does not end the value of ${name}.`)
      break
    }
    at = next
    bytes += name.length + Buffer.byteLength(value)
    const count = Object.keys(values).length
    if (value.includes('\0') || Buffer.byteLength(value) > longestValue) {
      problems.push(`${file} gives ${name} a value that no program could be given.`)
    } else if (count >= mostVariables || bytes > mostVariableBytes) {
      problems.push(`${file} has more than can be kept: ${name} and what follows is not.`)
      break
    } else {
      values[name] = value
    }
  }
  return { values, problems }
}

/** Name, value and the last line of it. Without a last line the value does not end. */
function readAssignment(
  lines: readonly string[],
  at: number,
): [name: string | undefined, value: string, last: number | undefined] {
  const line = lines[at] ?? ''
  const equals = line.indexOf('=')
  const arrows = line.indexOf('<<')
  if (arrows > 0 && (equals === -1 || arrows < equals)) {
    const end = line.slice(arrows + 2)
    const last = lines.indexOf(end, at + 1)
    const name = line.slice(0, arrows)
    if (end === '' || last === -1) return [name, '', undefined]
    return [name, lines.slice(at + 1, last).join('\n'), last]
  }
  if (equals < 1) return [undefined, '', at]
  return [line.slice(0, equals), line.slice(equals + 1), at]
}

/** The folders of a GITHUB_PATH, in the order they were added. */
export function parsePaths(text: string): string[] {
  return text
    .split(/\r?\n/)
    .filter((path) => path !== '' && !path.includes('\0') && path.length <= 4096)
    .slice(0, 100)
}

/**
 * Whether a step may set a variable for those after it. As on GitHub: NODE_OPTIONS could change what runs
 * in place of what, and what the runner says of itself stays.
 */
export function maySet(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !/^(NODE_OPTIONS$|GITHUB_|RUNNER_)/i.test(name)
}

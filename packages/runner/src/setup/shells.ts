/** How a script is run: the end of its file's name, and the command with the file in it. */
export interface Shell {
  extension: string
  command: readonly string[]
}

/** As GitHub documents them for Linux. */
const shells: Readonly<Record<string, { extension: string; template: string }>> = {
  bash: { extension: 'sh', template: 'bash --noprofile --norc -eo pipefail {0}' },
  sh: { extension: 'sh', template: 'sh -e {0}' },
  python: { extension: 'py', template: 'python {0}' },
  pwsh: { extension: 'ps1', template: 'pwsh -command {0}' },
}
/** Where a step names none. Without `pipefail`, unlike the one that is asked for. */
const unnamed = { extension: 'sh', template: 'bash -e {0}' }

/**
 * The shell of a step; undefined where what it names is none. One of its own is written as the command,
 * with `{0}` for the file.
 *
 * @param fileWithout the script's file, up to the dot before its ending
 */
export function shellOf(name: string | undefined, fileWithout: string): Shell | undefined {
  const known = name === undefined ? unnamed : shells[name]
  const template = known?.template ?? name ?? ''
  if (!template.includes('{0}')) return undefined
  const extension = known?.extension ?? 'sh'
  const file = `${fileWithout}.${extension}`
  const command = template
    .trim()
    .split(/\s+/)
    .map((word) => word.replaceAll('{0}', file))
  return { extension, command: name === 'pwsh' ? ['pwsh', '-command', `. '${file}'`] : command }
}

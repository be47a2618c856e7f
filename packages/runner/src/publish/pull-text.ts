import { oneLine, printable, truncateMiddle } from '../printable.ts'

export interface PullText {
  title: string
  body: string
}

/** GitHub takes titles of 256 characters and bodies of 65,536. */
const titleLimit = 250
const bodyLimit = 50_000
const commandLimit = 500
const mostCommands = 20

/**
 * The text of a pull request. Who asked, and where to read how it came about, stands first: an agent's
 * words below cannot hide it.
 */
export function composePullText(input: {
  title: string
  body: string
  /** A line for the reader to know before anything else, like that the work is unfinished. */
  note?: string
  commands: readonly string[]
  /** What the firewall did not let through and what the checks have found, as Markdown; may be empty. */
  warnings: string
  requester: string
  sessionUrl: string
}): PullText {
  const { title, body, note, commands, warnings, requester, sessionUrl } = input
  const parts = [
    `Requested by @${requester} · [session](${sessionUrl})`,
    note === undefined ? '' : `> [!WARNING]\n> ${note}`,
    warnings,
    truncateMiddle(printable(body).trim(), bodyLimit),
    commands.length === 0 ? '' : whatWasRun(commands),
  ]
  return {
    title: oneLine(title).slice(0, titleLimit) || 'Changes',
    body: parts.filter((part) => part !== '').join('\n\n'),
  }
}

function whatWasRun(commands: readonly string[]): string {
  const shown = commands.slice(0, mostCommands).map((command) => {
    return truncateMiddle(printable(command), commandLimit)
  })
  const more = commands.length - shown.length
  const lines = [...shown, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n')
  // Longer than any row of backticks within, which would end the block.
  const longest = Math.max(2, ...[...lines.matchAll(/`+/g)].map(([row]) => row.length))
  const fence = '`'.repeat(longest + 1)
  return `<details><summary>What was run</summary>\n\n${fence}\n${lines}\n${fence}\n\n</details>`
}

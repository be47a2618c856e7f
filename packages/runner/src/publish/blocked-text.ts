import type { EventData } from '@errand/contract'

import { code } from './markdown-code.ts'

type BlockedRequest = EventData['firewall.blocked']

/** Of one pull request; the session's log has the others. */
const mostShown = 20
const longestCommand = 200

/**
 * What the firewall did not let through, for the reader of a pull request, as GitHub tells it (behaviour.md
 * 3.2): each address, and the first command that tried. Empty where nothing was blocked.
 */
export function composeBlockedText(blocked: readonly BlockedRequest[], fullName: string): string {
  const distinct = [...new Map(blocked.map((request) => [addressOf(request), request])).values()]
  if (distinct.length === 0) return ''
  const shown = distinct.slice(0, mostShown)
  const more = distinct.length - shown.length
  const lines = [
    '[!WARNING]',
    '',
    '<details>',
    `<summary>${summaryOf(distinct)} (expand for details)</summary>`,
    '',
    ...shown.flatMap(linesOf),
    ...(more > 0 ? [`- … and ${more} more in the log of the session`] : []),
    '',
    `Whoever administers ${fullName} can let agents reach an address: \`errand config set -R ${fullName} custom_allowlist+=HOST\`.`,
    'What is private to the runner, only its operator can.',
    '',
    '</details>',
  ]
  return lines.map((line) => `> ${line}`.trimEnd()).join('\n')
}

function summaryOf(requests: readonly BlockedRequest[]): string {
  const addresses = requests.length === 1 ? 'one address' : `${requests.length} addresses`
  return requests.every((request) => request.is_report_only)
    ? `The firewall would have kept the agent from connecting to ${addresses}`
    : `The firewall kept the agent from connecting to ${addresses}`
}

function linesOf(request: BlockedRequest): string[] {
  const { process, is_report_only: isReportOnly } = request
  const notes = [notesOf[request.rule], isReportOnly ? 'let through, since it is only told of' : '']
  const note = notes.filter((text) => text !== '').join('; ')
  return [
    `- ${code(addressOf(request))}${note === '' ? '' : ` (${note})`}`,
    ...(process === undefined
      ? []
      : [`  - Triggering command: ${code(process.slice(0, longestCommand))}`]),
  ]
}

const notesOf: Record<BlockedRequest['rule'], string> = {
  not_allowed: '',
  private_address: 'a private or reserved address',
  not_tls: 'not by TLS',
  other_server: 'another server was asked for within',
}

function addressOf({ scheme, host, port, path = '' }: BlockedRequest): string {
  const isUsual = port === { http: 80, https: 443 }[scheme]
  const name = host.includes(':') ? `[${host}]` : host
  return `${scheme}://${name}${isUsual ? '' : `:${port}`}${path}`
}

import type { EventData } from '@errand/contract'

import { oneLine } from '../printable.ts'
import type { Recorder } from '../run/recorder.ts'
import type { Blocked } from './policy.ts'

/** Of one session's attempt; whoever reads them has understood by then. */
const mostTold = 100
/** Of one host: a scan of paths tells no more than its beginning does. */
const mostPaths = 3
const longest = { host: 253, path: 300, process: 300 }

/**
 * Makes events of what was blocked: each address once, and so many in all. What is told comes from inside
 * and must neither fill the store nor change a reader's terminal.
 *
 * @param mcpServer whose firewall it is. Default: the agent's
 */
export function tellBlocked(
  recorder: Pick<Recorder, 'add'>,
  mcpServer?: string,
): (blocked: Blocked) => void {
  const by = mcpServer === undefined ? {} : { mcp_server: mcpServer }
  const pathsTold = new Map<string, Set<string>>()
  let told = 0

  return (blocked) => {
    if (told > mostTold) return
    const data = { ...presentBlocked(blocked), ...by }
    const place = [data.scheme, data.host, data.port, data.rule].join(' ')
    const paths = pathsTold.get(place) ?? new Set()
    if (paths.has(data.path ?? '') || paths.size >= mostPaths) return
    pathsTold.set(place, paths.add(data.path ?? ''))
    told += 1
    if (told <= mostTold) return recorder.add({ type: 'firewall.blocked', data })
    const message = `The firewall has blocked more than ${mostTold} addresses: the rest is not told.`
    recorder.add({ type: 'session.log', data: { level: 'warning', message } })
  }
}

function presentBlocked(blocked: Blocked): EventData['firewall.blocked'] {
  const { scheme, host, port, path, process, rule, isReportOnly } = blocked
  return {
    scheme,
    host: oneLine(host).slice(0, longest.host),
    port,
    ...(path === undefined ? {} : { path: oneLine(path).slice(0, longest.path) }),
    ...(process === undefined ? {} : { process: oneLine(process).slice(0, longest.process) }),
    rule,
    is_report_only: isReportOnly,
  }
}

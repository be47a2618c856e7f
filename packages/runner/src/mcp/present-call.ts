import type { EventData } from '@errand/contract'

import { oneLine, printable, truncateMiddle } from '../printable.ts'
import type { SecretMask } from '../redaction/secret-mask.ts'
import { textOfResult } from './bound-result.ts'
import type { CallResult } from './connection.ts'

/** Characters of arguments and of output that are kept of a call, each. */
const longest = 8192
const longestName = 200

/** A call as it is told: masked before it is cut, since half of a secret is none to be found. */
export function presentCall(
  mask: Pick<SecretMask, 'text' | 'value'>,
  call: {
    serverName: string
    name: string
    arguments?: unknown
    result: CallResult
    durationMs: number
  },
): EventData['mcp.call'] {
  const { serverName, name, arguments: given, result, durationMs } = call
  const args = mask.value(given)
  const isLong = args !== undefined && JSON.stringify(args).length > longest
  return {
    server: serverName,
    tool: oneLine(mask.text(name)).slice(0, longestName),
    ...(args === undefined
      ? {}
      : { arguments: isLong ? truncateMiddle(JSON.stringify(args), longest) : args }),
    status: result.isError === true ? 'failed' : 'completed',
    output: truncateMiddle(printable(mask.text(textOfResult(result))), longest),
    duration_ms: durationMs,
  }
}

import type { McpServer } from '../configuration.ts'
import { covers } from '../hosts/covers.ts'
import { parseReach } from '../hosts/parse-reach.ts'
import { matchesPattern } from '../matches-pattern.ts'
import type { AllowedServer } from './allowed-server.ts'
import { imageOf, untagged, wholeImageName } from './image.ts'
import { startsAnotherProgram } from './starts-another-program.ts'

/** Whether a server is one that an entry of the policy allows: by its type, so by what would be started. */
export function isAllowedServer(allowed: AllowedServer, name: string, server: McpServer): boolean {
  const { command, args: leading, image, url } = allowed
  const isLocal = server.type === 'local' || server.type === 'stdio'
  const isRemote = server.type === 'http' || server.type === 'sse'
  const program = isLocal && typeof server.command === 'string' ? server.command : undefined
  const args = textsOf(server.args)
  const variables = namesOf(server.env)
  return (
    (allowed.name === undefined || matchesPattern(allowed.name, name)) &&
    (command === undefined || (command === program && !startsAnotherProgram(variables))) &&
    (leading === undefined || (args !== undefined && beginsWith(args, leading))) &&
    (image === undefined ||
      (program !== undefined &&
        args !== undefined &&
        isImageOf(imageOf(program, args, variables), image))) &&
    (url === undefined || (isRemote && isBelowUrl(server.url, url)))
  )
}

function beginsWith(args: readonly string[], leading: readonly string[]): boolean {
  return leading.every((pattern, at) => {
    const arg = args[at]
    return arg !== undefined && matchesPattern(pattern, arg)
  })
}

/** A pattern without a tag is of every tag. */
function isImageOf(image: string | undefined, pattern: string): boolean {
  if (image === undefined) return false
  const whole = wholeImageName(image)
  return [whole, untagged(whole)].some((name) => matchesPattern(wholeImageName(pattern), name))
}

function isBelowUrl(value: unknown, pattern: string): boolean {
  if (typeof value !== 'string' || !/^https?:\/\//i.test(value)) return false
  // What is asked for with it does not change where it leads.
  const inner = parseReach(value.replace(/[?#].*$/s, ''))
  const outer = parseReach(pattern)
  return inner !== undefined && outer !== undefined && covers(outer, inner)
}

function textsOf(value: unknown): string[] | undefined {
  if (value === undefined) return []
  if (!Array.isArray(value)) return undefined
  return value.every((item) => typeof item === 'string') ? value : undefined
}

function namesOf(env: unknown): string[] {
  return typeof env === 'object' && env !== null ? Object.keys(env) : []
}

import type { ToolServer } from './tool-server.ts'

/**
 * What the `tools` of a custom agent leave of a server (behaviour.md 3.4): those it lists as `server/tool`, or all
 * by `server/*`.
 *
 * @param listed Default: everything is left
 */
export function limitTools(
  name: string,
  server: ToolServer,
  listed: readonly string[] | undefined,
): ToolServer {
  if (listed === undefined || listed.includes(`${name}/*`)) return server
  return {
    // Asked each time: a server that was started again may have others.
    get tools() {
      return server.tools.filter((tool) => listed.includes(`${name}/${tool.name}`))
    },
    call: (...asked) => server.call(...asked),
  }
}

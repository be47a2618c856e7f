/**
 * Whether a server's environment may put another program in the place of the one its command names: `PATH`
 * finds another file by the name, the loader's variables (`LD_PRELOAD` and its like) put code into it.
 */
export function startsAnotherProgram(variables: readonly string[]): boolean {
  return variables.some((name) => name === 'PATH' || /^(?:DY)?LD_/.test(name))
}

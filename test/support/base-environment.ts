/**
 * What a program of ours that a test starts has from the developer's environment, and no more. What
 * was compiled once is read by the next one: half of the time a command takes from its sources.
 */
export const baseEnvironment: Readonly<Record<string, string>> = Object.fromEntries(
  ['PATH', 'NODE_COMPILE_CACHE'].flatMap((name) => {
    const value = process.env[name]
    return value === undefined ? [] : [[name, value]]
  }),
)

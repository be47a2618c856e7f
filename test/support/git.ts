import { run, type RunOptions } from './run.ts'

/** Neither the machine's nor the user's settings reach git, and nobody is asked for a password. */
export const gitEnv: Record<string, string> = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Ada Example',
  GIT_AUTHOR_EMAIL: 'ada@example.com',
  GIT_COMMITTER_NAME: 'Ada Example',
  GIT_COMMITTER_EMAIL: 'ada@example.com',
  HOME: '/nonexistent',
}

/** Runs git in a folder and gives what it printed, without the last line's end. */
export async function git(
  cwd: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const env = { ...gitEnv, ...options.env }
  return (await run('git', args, { ...options, cwd, env })).trimEnd()
}

/** What Claude Code calls tools, for hooks that are written for it. */
const claudeNames: Readonly<Record<string, string>> = {
  bash: 'Bash',
  view: 'Read',
  create: 'Write',
  edit: 'Edit',
  grep: 'Grep',
  glob: 'Glob',
  web_fetch: 'WebFetch',
  task: 'Agent',
}

/** A tool that Claude Code does not have keeps its name. */
export function claudeNameOf(toolName: string): string {
  return (Object.hasOwn(claudeNames, toolName) ? claudeNames[toolName] : undefined) ?? toolName
}

/** When hooks run, by GitHub's names; those of an editor beside them (behaviour.md 3.6). */
const names = {
  sessionStart: ['SessionStart'],
  sessionEnd: ['SessionEnd'],
  userPromptSubmitted: ['UserPromptSubmitted', 'UserPromptSubmit'],
  userPromptTransformed: ['UserPromptTransformed'],
  preToolUse: ['PreToolUse'],
  postToolUse: ['PostToolUse'],
  postToolUseFailure: ['PostToolUseFailure'],
  agentStop: ['AgentStop', 'Stop'],
  subagentStart: ['SubagentStart'],
  subagentStop: ['SubagentStop'],
  preCompact: ['PreCompact'],
  errorOccurred: ['ErrorOccurred'],
} as const

export type HookEvent = keyof typeof names

/** Events that there are, but that nothing in a session of Errand's tells of. */
const silent = ['notification', 'permissionRequest']

/** The event a name of a file stands for. `silent`: a known one, for which nothing is ever run. */
export function eventOf(name: string): HookEvent | 'silent' | undefined {
  const camel = `${name.slice(0, 1).toLowerCase()}${name.slice(1)}`
  if (silent.includes(camel)) return 'silent'
  const found = Object.entries(names).find(
    ([event, others]) => event === name || others.some((other) => other === name),
  )
  return found?.[0] as HookEvent | undefined // a key of `names`
}

/** Who names an event as an editor does gets its payload in that form, too. */
export function isSnakeCased(name: string): boolean {
  return /^[A-Z]/.test(name)
}

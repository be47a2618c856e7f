/** What a prompt asks the script agent to do. */
export interface ScriptPrompt {
  /** The program and its arguments, to which the script's file is added. */
  interpreter: string[]
  script: string
  /** What is left of the prompt, as a pull request wants it. */
  title: string
  body: string
}

/** By the language a block is marked with. Unmarked blocks may be anything, so they are not run. */
const interpreters: Record<string, string[]> = {
  sh: ['bash', '-euo', 'pipefail'],
  bash: ['bash', '-euo', 'pipefail'],
  shell: ['bash', '-euo', 'pipefail'],
  python: ['python3'],
  js: ['node'],
  javascript: ['node'],
}

/**
 * Reads a prompt: one that begins with `#!` is a script as a whole; else its first fenced block of a
 * known language is, and the rest says what it is for. Undefined where there is nothing to run.
 */
export function parsePrompt(prompt: string): ScriptPrompt | undefined {
  const shebang = /^#!\s*(\S[^\n]*)\n/.exec(prompt)
  if (shebang !== null) {
    const interpreter = (shebang[1] ?? '').trim().split(/\s+/)
    return { interpreter, script: prompt, title: titleOf(commentsOf(prompt)), body: '' }
  }
  const fence =
    /^(?<fence>`{3,}|~{3,})[ \t]*(?<language>[A-Za-z]+)[^\n]*\n(?<script>[\s\S]*?)^\k<fence>[ \t]*$/gm
  for (const found of prompt.matchAll(fence)) {
    const interpreter = interpreters[found.groups?.['language']?.toLowerCase() ?? '']
    if (interpreter === undefined) continue
    const rest = (prompt.slice(0, found.index) + prompt.slice(found.index + found[0].length)).trim()
    const [first = '', ...more] = rest.split('\n')
    return {
      interpreter,
      script: found.groups?.['script'] ?? '',
      title: titleOf(first),
      body: more.join('\n').trim(),
    }
  }
  return undefined
}

/** The first comment after the first line says what a script is for. */
function commentsOf(script: string): string {
  return /^#\s*([^!\s][^\n]*)$/m.exec(script.slice(script.indexOf('\n')))?.[1] ?? ''
}

function titleOf(line: string): string {
  const title = line.replace(/^#+\s*/, '').trim()
  if (title === '') return 'Run a script'
  return title.length > 120 ? `${title.slice(0, 119)}…` : title
}

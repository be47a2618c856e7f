import { recipeInterpreter } from '@errand/recipes'

/** What a prompt asks the script agent to do. */
export interface ScriptPrompt {
  /** The program and its arguments, to which the script's file is added. */
  interpreter: [string, ...string[]]
  script: string
  /** What is left of the prompt, as a pull request wants it. */
  title: string
  body: string
}

const bash: [string, ...string[]] = ['bash', '-euo', 'pipefail']

/** By the language a block is marked with. Unmarked blocks may be anything, so they are not run. */
const interpreters = new Map<string, [string, ...string[]]>([
  ['sh', bash],
  ['bash', bash],
  ['shell', bash],
  ['python', ['python3']],
  ['python3', ['python3']],
  ['js', ['node']],
  ['javascript', ['node']],
  ['node', ['node']],
])

/** A fenced block: CommonMark's, as far as prompts need it. One that is not closed is none. */
const fencedBlock =
  /^ {0,3}(?<fence>`{3,}|~{3,})[ \t]*(?<language>[A-Za-z0-9]*)[^\n]*\n(?<script>[\s\S]*?)^ {0,3}\k<fence>[`~]*[ \t]*$/gm

/**
 * Reads a prompt: one that begins with `#!` is a script as a whole; else its first fenced block of a
 * known language is, and the rest says what it is for. Undefined where there is nothing to run.
 */
export function parsePrompt(prompt: string): ScriptPrompt | undefined {
  const script = prompt.trimStart()
  const shebang = /^#![ \t]*(\S+)[ \t]*([^\n]*)/.exec(script)
  if (shebang !== null) {
    const [line, program = '', rest = ''] = shebang
    const argument = rest.trim()
    return {
      // As the kernel does it: what follows the program is one argument, however many words.
      interpreter: argument === '' ? [program] : [program, argument],
      script: `${script.trimEnd()}\n`,
      title: titleOf(firstComment(script.slice(line.length)) || recipeTitle(program, argument)),
      body: '',
    }
  }
  for (const found of prompt.matchAll(fencedBlock)) {
    const interpreter = interpreters.get(found.groups?.['language']?.toLowerCase() ?? '')
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

/** A recipe is named by its name, until it says more. */
function recipeTitle(program: string, name: string): string {
  return program === recipeInterpreter ? `Run the recipe ${name}` : ''
}

/** What a script says of itself. */
function firstComment(script: string): string {
  return /^(?:#|\/\/)[ \t]*(\S[^\n]*)$/m.exec(script)?.[1] ?? ''
}

function titleOf(line: string): string {
  const title = line.replace(/^#+\s*/, '').trim()
  if (title === '') return 'Run a script'
  return title.length > 120 ? `${title.slice(0, 119)}…` : title
}

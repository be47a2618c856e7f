export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** The script a shell loads: it asks `errand __complete`, and offers files where that says nothing. */
export function completionScript(shell: Shell): string {
  return scripts[shell]
}

const bash = `# bash completion for errand
_errand() {
  local IFS=$'\\n'
  COMPREPLY=($(errand __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _errand errand
`

const zsh = `#compdef errand
_errand() {
  local -a found
  found=("\${(@f)$(errand __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then compadd -- "\${found[@]}"; else _files; fi
}
if [[ "\${funcstack[1]}" = "_errand" ]]; then _errand "$@"; else compdef _errand errand; fi
`

const fish = `# fish completion for errand
function __errand_complete
  set -l words (commandline -opc)
  errand __complete -- $words[2..-1] (commandline -ct) 2>/dev/null
end
complete -c errand -a '(__errand_complete)'
`

const scripts: Record<Shell, string> = { bash, zsh, fish }

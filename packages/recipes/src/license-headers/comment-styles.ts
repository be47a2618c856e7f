import { posix } from 'node:path'

export interface CommentStyle {
  /** Stands before each line. */
  line: string
  /** Around all lines, for languages without a comment to the line's end. */
  around?: readonly [string, string]
}

const slashes: CommentStyle = { line: '// ' }
const hash: CommentStyle = { line: '# ' }
const dashes: CommentStyle = { line: '-- ' }
const block: CommentStyle = { line: ' * ', around: ['/*', ' */'] }
const markup: CommentStyle = { line: '  ', around: ['<!--', '-->'] }

const groups: readonly (readonly [string, CommentStyle])[] = [
  [
    'js jsx mjs cjs ts tsx mts cts java kt kts scala go rs swift c h cc cpp cxx hpp cs dart groovy proto php',
    slashes,
  ],
  ['py rb sh bash zsh pl pm r tf ex exs jl nix ps1', hash],
  ['sql lua hs elm adb ads', dashes],
  ['css scss less', block],
  ['html htm vue svelte xml', markup],
]

const byExtension = new Map(
  groups.flatMap(([extensions, style]) => extensions.split(' ').map((name) => [name, style])),
)

/** How comments of a file are written, by its name; undefined for what takes no header. */
export function commentStyleOf(path: string): CommentStyle | undefined {
  return byExtension.get(posix.extname(path).slice(1).toLowerCase())
}

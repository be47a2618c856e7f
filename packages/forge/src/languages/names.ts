/**
 * Languages by the ends of file names: those that GitHub counts, programs and markup, under the names
 * of https://github.com/github-linguist/linguist/blob/main/lib/linguist/languages.yml. Where an end
 * belongs to several, the one that most repositories mean: nothing is opened to tell them apart. The
 * whole list, as a library, takes more time to load than all else of the forge.
 */
const endsByLanguage: Record<string, string> = {
  Astro: 'astro',
  Assembly: 'asm',
  Batchfile: 'bat cmd',
  C: 'c h',
  'C#': 'cs csx',
  'C++': 'cc cpp cxx hh hpp hxx ipp',
  CMake: 'cmake',
  CSS: 'css',
  Clojure: 'clj cljc cljs edn',
  CoffeeScript: 'coffee',
  'Common Lisp': 'lisp lsp',
  Crystal: 'cr',
  Cuda: 'cu cuh',
  D: 'd',
  Dart: 'dart',
  Dockerfile: 'dockerfile',
  Elixir: 'ex exs',
  Elm: 'elm',
  'Emacs Lisp': 'el',
  Erlang: 'erl hrl',
  'F#': 'fs fsi fsx',
  Fortran: 'f90 f95 f03 f08',
  GLSL: 'glsl frag vert',
  Gleam: 'gleam',
  Go: 'go',
  'Go Template': 'gotmpl tpl',
  Groovy: 'groovy gradle gvy',
  HCL: 'hcl tf tfvars',
  HTML: 'html htm xhtml',
  Handlebars: 'hbs handlebars',
  Haskell: 'hs',
  Java: 'java',
  JavaScript: 'js cjs mjs jsx',
  Jinja: 'jinja j2',
  Julia: 'jl',
  'Jupyter Notebook': 'ipynb',
  Kotlin: 'kt kts',
  Less: 'less',
  Lua: 'lua',
  MDX: 'mdx',
  Makefile: 'mk mak',
  Mustache: 'mustache',
  Nim: 'nim',
  Nix: 'nix',
  OCaml: 'ml mli',
  'Objective-C': 'm',
  'Objective-C++': 'mm',
  'Open Policy Agent': 'rego',
  PHP: 'php phtml',
  PLpgSQL: 'pgsql',
  Pascal: 'pas dpr',
  Perl: 'pl pm',
  PowerShell: 'ps1 psm1 psd1',
  Prolog: 'prolog',
  Python: 'py pyi pyw',
  R: 'r',
  Racket: 'rkt',
  Ruby: 'rb rake gemspec ru',
  Rust: 'rs',
  SCSS: 'scss',
  Sass: 'sass',
  Scala: 'scala sbt',
  Scheme: 'scm',
  Shell: 'sh bash zsh ksh bats',
  Solidity: 'sol',
  Starlark: 'bzl star',
  Svelte: 'svelte',
  Swift: 'swift',
  SystemVerilog: 'sv svh',
  Tcl: 'tcl',
  TeX: 'tex sty cls',
  TypeScript: 'ts cts mts tsx',
  VHDL: 'vhd vhdl',
  Verilog: 'v',
  'Vim Script': 'vim',
  'Visual Basic .NET': 'vb',
  Vue: 'vue',
  XSLT: 'xsl xslt',
  Zig: 'zig',
}

const languageByEnd = new Map(
  Object.entries(endsByLanguage).flatMap(([name, ends]) =>
    ends.split(' ').map((end): [string, string] => [end, name]),
  ),
)

const languageByName = new Map([
  ['build.bazel', 'Starlark'],
  ['cmakelists.txt', 'CMake'],
  ['containerfile', 'Dockerfile'],
  ['dockerfile', 'Dockerfile'],
  ['gemfile', 'Ruby'],
  ['jenkinsfile', 'Groovy'],
  ['justfile', 'Just'],
  ['makefile', 'Makefile'],
  ['rakefile', 'Ruby'],
])

/** What is not a repository's own work, as GitHub leaves it out: brought along, written by programs, told. */
const others =
  /(?:^|\/)(?:node_modules|bower_components|vendors?|third[-_]?party|extern(?:al)?s?|deps|dist|fixtures|\.yarn|\.github|documentation)\/|^(?:docs?|examples?)\/|\.min\.(?:js|css)$|\.d\.[cm]?ts$|(?:^|\/)(?:gradlew|mvnw)(?:\.\w+)?$/i

/** The language of a file by its path alone; undefined for what is not counted. */
export function languageOfPath(path: string): string | undefined {
  if (others.test(path)) return undefined
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase()
  const dot = name.lastIndexOf('.')
  return languageByName.get(name) ?? (dot < 0 ? undefined : languageByEnd.get(name.slice(dot + 1)))
}

/** The one style sheet of the pages: light and dark, no font and no picture to load. */
export const style = `
:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d); --soft: light-dark(#f6f8fa, #161b22);
  --text: light-dark(#1f2328, #e6edf3); --quiet: light-dark(#59636e, #9198a1); --link: light-dark(#0969da, #58a6ff) }
* { box-sizing: border-box }
body { margin: 0; color: var(--text); background: light-dark(#fff, #0d1117);
  font: 15px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif }
header { display: flex; gap: 1rem; align-items: baseline; padding: .8rem 1.2rem; border-bottom: 1px solid var(--line) }
header form { margin-left: auto }
main { max-width: 62rem; margin: 1.5rem auto 4rem; padding: 0 1.2rem }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; overflow-wrap: anywhere }
h2 { font-size: 1.05rem; margin: 2rem 0 .6rem }
a { color: var(--link); text-decoration: none } a:hover { text-decoration: underline }
.quiet { color: var(--quiet) }
.state { display: inline-block; padding: .1rem .6rem; border-radius: 1rem; font-size: .85rem; font-weight: 600;
  background: light-dark(#ddf4ff, #0c2d6b); color: light-dark(#0550ae, #a5d6ff) }
.completed { background: light-dark(#dafbe1, #033a16); color: light-dark(#116329, #7ee787) }
.failed, .timed_out { background: light-dark(#ffebe9, #67060c); color: light-dark(#a40e26, #ffdcd7) }
.waiting_for_user { background: light-dark(#fff8c5, #4b2900); color: light-dark(#7d4e00, #f2cc60) }
.cancelled { background: var(--soft); color: var(--quiet) }
.box { border: 1px solid var(--line); border-radius: .5rem; padding: .9rem 1rem; margin: .8rem 0; background: var(--soft) }
.box > :first-child { margin-top: 0 } .box > :last-child { margin-bottom: 0 }
.question { border-color: light-dark(#d4a72c, #9e6a03) }
.problem { border-color: light-dark(#cf222e, #f85149) }
pre, textarea, input, code { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, monospace }
pre { margin: 0; white-space: pre-wrap; overflow-wrap: anywhere }
pre.diff { white-space: pre; overflow-x: auto } .add { color: light-dark(#116329, #7ee787) } .del { color: light-dark(#a40e26, #ffa198) }
.hunk { color: var(--quiet) }
textarea, input[type=text], input[type=password] { width: 100%; padding: .5rem .6rem; border: 1px solid var(--line);
  border-radius: .4rem; background: light-dark(#fff, #0d1117); color: inherit }
input.code { max-width: 16rem; display: block; font-size: 1.4rem; letter-spacing: .15em; text-transform: uppercase }
button { margin-top: .5rem; padding: .35rem .9rem; border: 1px solid var(--line); border-radius: .4rem; font: inherit;
  background: light-dark(#f6f8fa, #21262d); color: inherit; cursor: pointer } button.main { background: #1f883d; color: #fff; border-color: transparent }
#log { list-style: none; margin: 0; padding: 0 } #log li { padding: .3rem 0; border-top: 1px solid var(--line); display: grid;
  grid-template-columns: 5.5rem 11rem 1fr; gap: .8rem } #log li > :nth-child(-n+2) { color: var(--quiet); font-size: .85rem }
table { width: 100%; border-collapse: collapse } td, th { text-align: left; padding: .45rem .6rem; border-top: 1px solid var(--line); vertical-align: top }
@media (max-width: 40rem) { #log li { grid-template-columns: 1fr } }
`

/** Light and dark, nothing to load. A group of tasks has one colour, in the table as in the chart. */
export const reportStyle = `
:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d); --quiet: light-dark(#59636e, #9198a1);
  --good: light-dark(#1f883d, #3fb950); --bad: light-dark(#cf222e, #f85149); --asks: light-dark(#8250df, #a371f7);
  --runs: light-dark(#0969da, #58a6ff); --rest: light-dark(#8c959f, #6e7681); --refused: light-dark(#bc4c00, #db6d28) }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem 1.2rem 4rem; background: light-dark(#fff, #0d1117);
  color: light-dark(#1f2328, #e6edf3); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif }
h1 { font-size: 1.5rem; margin: 0 0 .5rem; overflow-wrap: anywhere }
a { color: var(--runs) } .quiet { color: var(--quiet) }
figure { margin: 1.5rem 0; max-width: 45rem } figcaption { font-weight: 600; margin-bottom: .4rem }
svg { width: 100%; height: auto; display: block; font: 13px system-ui, sans-serif }
text { fill: light-dark(#1f2328, #e6edf3) } path { fill: none; stroke-width: 2 }
.axis { stroke: var(--line) } .sent { stroke: var(--runs) } .ended { stroke: var(--good) }
.sent-text { fill: var(--runs) } .ended-text { fill: var(--good) }
rect { fill: var(--rest) } rect.completed { fill: var(--good) } rect.failed, rect.timed_out { fill: var(--bad) }
rect.refused { fill: var(--refused) } rect.waiting_for_user { fill: var(--asks) }
rect.in_progress, rect.sending, rect.queued { fill: var(--runs) } rect.queued, rect.timed_out { fill-opacity: .65 }
rect.skipped, rect.planned { fill-opacity: .6 }
.state { font-weight: 600; white-space: nowrap } .state.completed { color: var(--good) }
.state.failed, .state.timed_out { color: var(--bad) } .state.refused { color: var(--refused) }
.state.waiting_for_user { color: var(--asks) } .state.in_progress, .state.sending, .state.queued { color: var(--runs) }
table { width: 100%; border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: .4rem .6rem;
  border-top: 1px solid var(--line); overflow-wrap: break-word; word-break: normal }
td:last-child { overflow-wrap: anywhere } thead th { border-top: 0; color: var(--quiet); font-weight: 500 }
`

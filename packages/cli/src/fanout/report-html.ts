import { formatCredits } from '../present/campaign.ts'
import { formatDuration } from '../terminal/duration.ts'
import { type Counts, describeCounts, type Group, groups } from './count-progress.ts'
import { type Report } from './report.ts'

/** One file that needs no other: a bar of what became of the tasks, and a row for each repository. */
export function presentHtml(report: Report): string {
  const { name, counts, repositories, ai_credits: credits } = report
  const cost = credits === 0 ? '' : `, ${formatCredits(credits * 1e9)}`
  const summary = `${describeCounts(counts)}, of ${repositories.length}${cost}.`
  const rows = repositories.map(
    (row) => `<tr><td>${escape(row.repository)}</td>
<td><span class="state"><i style="background: ${colours[row.state]}"></i>${escape(row.state.replaceAll('_', ' '))}</span></td>
<td>${link(row.pull_request_url)}</td>
<td class="number">${row.seconds === null ? '' : formatDuration(row.seconds * 1000)}</td>
<td class="number">${row.ai_credits === null ? '' : row.ai_credits.toFixed(2)}</td>
<td>${escape([row.reason ?? '', ...row.problems].filter((text) => text !== '').join('; '))}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(name)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escape(name)}</h1>
<p>${escape(summary)} Begun <time>${escape(report.created_at)}</time> on ${escape(report.server)}.</p>
${presentBar(counts, repositories.length, summary)}
<table>
<thead><tr><th>Repository</th><th>State</th><th>Pull request</th><th class="number">Time</th><th class="number">AI credits</th><th>Reason</th></tr></thead>
<tbody>
${rows.join('\n')}
</tbody>
</table>
</body>
</html>
`
}

/** Of middle lightness: they are seen on white and on black. */
const colours: Record<Group, string> = {
  planned: '#8c959f',
  sending: '#8c959f',
  queued: '#54aeff',
  in_progress: '#d4a72c',
  waiting_for_user: '#a475f9',
  completed: '#2da44e',
  failed: '#cf222e',
  timed_out: '#e16f24',
  cancelled: '#6e7781',
  refused: '#a40e26',
  skipped: '#afb8c1',
}

const width = 1000
const height = 36

/** How the tasks are divided, as one bar with its legend. */
function presentBar(counts: Counts, total: number, summary: string): string {
  const there = groups.filter((group) => (counts[group] ?? 0) > 0)
  let from = 0
  const parts = there.map((group) => {
    const part = ((counts[group] ?? 0) / Math.max(1, total)) * width
    const label = `${counts[group]} ${group.replaceAll('_', ' ')}`
    const rect = `<rect x="${from.toFixed(2)}" width="${part.toFixed(2)}" height="${height}" fill="${colours[group]}"><title>${label}</title></rect>`
    from += part
    return rect
  })
  const legend = there.map(
    (group) =>
      `<li><i style="background: ${colours[group]}"></i>${counts[group]} ${group.replaceAll('_', ' ')}</li>`,
  )
  return `<svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${escape(summary)}">${parts.join('')}</svg>
<ul>${legend.join('')}</ul>`
}

/** Only what is an address of the web: nothing that runs when it is clicked. */
function link(url: string | null): string {
  if (url === null) return ''
  const isWeb = URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)
  return isWeb ? `<a href="${escape(url)}">${escape(shortNameOf(url))}</a>` : escape(url)
}

/** `#12` of a pull request's address. */
function shortNameOf(url: string): string {
  const number = /\/pull\/(\d+)$/.exec(url)?.[1]
  return number === undefined ? url : `#${number}`
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.codePointAt(0)};`)
}

const style = `
:root { color-scheme: light dark; --line: light-dark(#d8dee4, #30363d) }
body { margin: 2rem auto; max-width: 62rem; padding: 0 1.2rem; font: 15px/1.55 system-ui, sans-serif;
  color: light-dark(#1f2328, #e6edf3); background: light-dark(#fff, #0d1117) }
h1 { font-size: 1.5rem; margin: 0 } a { color: light-dark(#0969da, #58a6ff) }
svg { display: block; width: 100%; height: 36px; border-radius: .4rem }
ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .3rem 1.2rem }
i { display: inline-block; width: .7em; height: .7em; border-radius: 50%; margin-right: .45em }
table { width: 100%; border-collapse: collapse; margin-top: 1.5rem }
td, th { text-align: left; padding: .4rem .6rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: break-word }
th { white-space: nowrap }
.state { white-space: nowrap } .number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
`

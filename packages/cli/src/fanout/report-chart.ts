import { type Counts, type Group, groups } from './count-progress.ts'
import type { ReportRow } from './report.ts'

const width = 720
const barHeight = 28
const chartHeight = 140
const legendHeight = 24
const left = 40

/** One bar, parted by what became of the tasks, with a legend below. Colours are the style's classes. */
export function drawOutcomes(counts: Counts): string {
  const all = groups.reduce((sum, group) => sum + (counts[group] ?? 0), 0)
  if (all === 0) return ''
  let x = 0
  const parts = shownGroups(counts).map((group, index) => {
    const count = counts[group] ?? 0
    const part = { group, count, x, width: (width * count) / all, index }
    x += part.width
    return part
  })
  const perLine = 4
  const lines = Math.ceil(parts.length / perLine)
  const height = barHeight + lines * legendHeight + 8
  const bars = parts.map(
    (part) =>
      `<rect class="${part.group}" x="${round(part.x)}" y="0" width="${round(part.width)}" height="${barHeight}"><title>${nameOf(part.group)}: ${part.count}</title></rect>`,
  )
  const legend = parts.map(({ group, count, index }) => {
    const at = (index % perLine) * (width / perLine)
    const y = barHeight + 10 + Math.floor(index / perLine) * legendHeight
    return `<rect class="${group}" x="${at}" y="${y}" width="12" height="12" rx="2"/><text x="${at + 18}" y="${y + 11}">${count} ${nameOf(group)}</text>`
  })
  return figure('Outcomes', height, [...bars, ...legend])
}

/** How many tasks had been sent and how many had ended, from the first to the last thing known. */
export function drawOverTime(rows: readonly ReportRow[]): string {
  const sent = timesOf(rows, (at) => at)
  const ended = timesOf(rows, (at, seconds) => (seconds === null ? undefined : at + seconds * 1000))
  const [first] = sent
  const last = Math.max(sent.at(-1) ?? 0, ended.at(-1) ?? 0)
  if (first === undefined || last <= first) return ''
  const bottom = chartHeight - 24
  const xOf = (time: number): number => left + ((width - left) * (time - first)) / (last - first)
  const yOf = (count: number): number => bottom - ((bottom - 8) * count) / sent.length
  const stepsOf = (times: readonly number[]): string => {
    const steps = times.map((time, at) => `H${round(xOf(time))}V${round(yOf(at + 1))}`)
    return `M${left} ${bottom}${steps.join('')}H${width}`
  }
  const minutes = (last - first) / 60_000
  const duration = minutes < 2 ? `${Math.round(minutes * 60)} s` : `${Math.round(minutes)} min`
  return figure('Tasks over time', chartHeight, [
    `<path class="axis" d="M${left} 8V${bottom}H${width}"/>`,
    `<path class="sent" d="${stepsOf(sent)}"/>`,
    `<path class="ended" d="${stepsOf(ended)}"/>`,
    `<text x="${left - 8}" y="16" text-anchor="end">${sent.length}</text>`,
    `<text x="${left - 8}" y="${bottom}" text-anchor="end">0</text>`,
    `<text x="${left}" y="${chartHeight - 6}">begun</text>`,
    `<text x="${width}" y="${chartHeight - 6}" text-anchor="end">after ${duration}</text>`,
    `<text x="${width / 2}" y="${chartHeight - 6}" text-anchor="middle"><tspan class="sent-text">sent</tspan> and <tspan class="ended-text">ended</tspan></text>`,
  ])
}

function figure(title: string, height: number, parts: readonly string[]): string {
  return `<figure><figcaption>${title}</figcaption><svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}">${parts.join('')}</svg></figure>`
}

function shownGroups(counts: Counts): Group[] {
  return groups.filter((group) => (counts[group] ?? 0) > 0)
}

function timesOf(
  rows: readonly ReportRow[],
  timeOf: (sentAt: number, seconds: number | null) => number | undefined,
): number[] {
  return rows
    .flatMap(({ sent_at: at, seconds }) =>
      at === null ? [] : [timeOf(Date.parse(at), seconds) ?? Number.NaN],
    )
    .filter((time) => Number.isFinite(time))
    .toSorted((a, b) => a - b)
}

function nameOf(group: Group): string {
  return group.replaceAll('_', ' ')
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}

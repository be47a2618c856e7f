import { readFile, writeFile } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'

/** One benchmark's part of docs/benchmarks.md. */
export interface Section {
  name: string
  title: string
  /** What was measured and how, in a few sentences. */
  text: string
  header: string[]
  rows: string[][]
}

const file = new URL('../docs/benchmarks.md', import.meta.url)

/** Replaces the section of that name in docs/benchmarks.md, or adds it, and prints it. */
export async function writeSection(section: Section): Promise<void> {
  const [begin, end] = [`<!-- begin ${section.name} -->`, `<!-- end ${section.name} -->`]
  const part = `${begin}\n\n${presentSection(section)}\n${end}`
  const text = await readFile(file, 'utf8')
  const at = text.indexOf(begin)
  const changed =
    at === -1
      ? `${text.trimEnd()}\n\n${part}\n`
      : text.slice(0, at) + part + text.slice(text.indexOf(end) + end.length)
  await writeFile(file, changed)
  console.log(presentSection(section))
}

function presentSection({ name, title, text, header, rows }: Section): string {
  const table = [header, header.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`)
  return [
    `## ${title}`,
    text,
    `\`npm run bench ${name}\` on ${describeMachine()}:`,
    table.join('\n'),
    '',
  ]
    .join('\n\n')
    .replace(/\n\n$/, '\n')
}

function describeMachine(): string {
  const cores = cpus()
  const memoryGb = Math.round(totalmem() / 2 ** 30)
  const day = new Date().toISOString().slice(0, 10)
  return `${cores.length} cores, ${memoryGb} GB, Node ${process.versions.node}, ${day}`
}

export function formatMs(ms: number): string {
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  return ms >= 100 ? `${Math.round(ms)} ms` : `${ms.toFixed(1)} ms`
}

export function formatRatio(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(ratio < 1 ? 2 : 1)} x`
}

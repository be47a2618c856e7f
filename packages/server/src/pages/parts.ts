import type { TaskRow } from '@errand/core'
import { taskPageUrl } from '../present/urls.ts'
import { type Html, html } from './html.ts'

/** Tasks as rows: state, name, repository, time. */
export function taskTable(tasks: TaskRow[]): Html {
  if (tasks.length === 0) {
    return html`<p>None yet. Send one: <code>npx errand create "…" -R owner/repo --pr --follow</code></p>`
  }
  return html`<table>
    ${tasks.map(
      (task) => html`<tr>
        <td><span class="state ${task.state}">${task.state.replaceAll('_', ' ')}</span></td>
        <td>
          <a href="${taskPageUrl({ web: '' }, task.repository_full_name, task.id)}">${task.name}</a>
          <div class="quiet">${task.repository_full_name}</div>
        </td>
        <td class="quiet">${task.updated_at.toISOString().slice(0, 16).replace('T', ' ')}</td>
      </tr>`,
    )}
  </table>`
}

/** The way to newer and older rows of a list. */
export function pageLinks(page: number, hasMore: boolean): Html | undefined {
  if (page === 1 && !hasMore) return undefined
  return html`<p>
    ${page > 1 ? html`<a href="?page=${page - 1}">Newer</a>` : undefined}
    ${hasMore ? html`<a href="?page=${page + 1}">Older</a>` : undefined}
  </p>`
}

/** A unified diff with its lines in colour; nothing where it is empty. */
export function diffBox(diff: string): Html | undefined {
  if (diff === '') return undefined
  return html`<h2>Diff</h2>
    <div class="box"><pre class="diff">${diff.split('\n').map(diffLine)}</pre></div>`
}

function diffLine(line: string): Html {
  return html`<span class="${kindOf(line)}">${line}</span>\n`
}

function kindOf(line: string): string {
  if (line.startsWith('@@')) return 'hunk'
  if (line.startsWith('+')) return 'add'
  return line.startsWith('-') ? 'del' : ''
}

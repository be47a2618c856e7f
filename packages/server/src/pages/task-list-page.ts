import type { TaskRow } from '@errand/core'
import { taskPageUrl } from '../present/urls.ts'
import { type Html, html } from './html.ts'

export function taskListPage(tasks: TaskRow[]): Html {
  if (tasks.length === 0) {
    return html`<h1>Tasks</h1>
      <p>
        You have none yet. Send one: <code>npx errand create "…" -R owner/repo --pr --follow</code>
      </p>`
  }
  return html`<h1>Tasks</h1>
    <table>
      ${tasks.map(
        (task) =>
          html`<tr>
            <td><span class="state ${task.state}">${task.state.replaceAll('_', ' ')}</span></td>
            <td>
              <a href="${taskPageUrl({ web: '' }, task.repository_full_name, task.id)}"
                >${task.name}</a
              >
              <div class="quiet">${task.repository_full_name}</div>
            </td>
            <td class="quiet">${task.updated_at.toISOString().slice(0, 16).replace('T', ' ')}</td>
          </tr>`,
      )}
    </table>`
}

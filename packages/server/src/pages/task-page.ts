import { type Event, isEndState, type RepositoryAccess } from '@errand/contract'
import type { TaskDetail } from '@errand/core'
import { taskPageUrl } from '../present/urls.ts'
import { describeEvent } from './describe-event.ts'
import { type Html, html } from './html.ts'
import { diffBox } from './parts.ts'

interface TaskPage {
  task: TaskDetail
  repository: RepositoryAccess
  events: Event[]
  diff: string
  formToken: string
}

/** A task: its state, its question, its result, and its log, which goes on while one looks. */
export function taskPage(page: TaskPage): Html {
  const { task, repository } = page
  const session = task.sessions.at(-1)
  return html`<p class="quiet">${repository.full_name}</p>
    <h1>${task.name}</h1>
    <p>
      <span class="state ${task.state}" data-state="${task.state}"
        >${task.state.replaceAll('_', ' ')}</span
      >
      <span class="quiet">
        by ${task.creator_login}, on ${session?.model ?? ''}, ${task.created_at.toISOString()}
      </span>
    </p>
    ${
      session?.error === null || session?.error === undefined
        ? undefined
        : html`<div class="box problem">
            <b>${session.error.title ?? 'Failed'}</b>
            <div>${session.error.message}</div>
            <div class="quiet">${session.error.remedy}</div>
          </div>`
    }
    ${question(page)} ${result(task)} ${controls(page)}
    <h2>Prompt</h2>
    <div class="box"><pre>${task.sessions[0]?.prompt ?? ''}</pre></div>
    ${diffBox(page.diff)}
    <h2>Log</h2>
    <ol id="log">
      ${page.events.map(logLine)}
    </ol>`
}

function question(page: TaskPage): Html | undefined {
  if (page.task.state !== 'waiting_for_user') return undefined
  const asked = page.events.findLast((event) => event.type === 'elicitation.requested')
  if (asked === undefined) return undefined
  return html`<div class="box question">
    <b>The agent asks</b>
    <pre>${describeEvent(asked).text}</pre>
    ${steerForm(page, 'Your answer', 'Answer')}
  </div>`
}

function result(task: TaskDetail): Html | undefined {
  const branch = task.artifacts.find((artifact) => artifact.type === 'branch')
  const pull = task.artifacts.find((artifact) => artifact.type === 'pull')
  if (branch === undefined) return undefined
  return html`<div class="box">
    Branch <code>${branch.data.head_ref}</code> for <code>${branch.data.base_ref}</code>
    ${
      pull?.data.html_url === undefined
        ? undefined
        : html`<div>Pull request <a href="${pull.data.html_url}">#${pull.data.number}</a></div>`
    }
  </div>`
}

function controls(page: TaskPage): Html {
  const { task } = page
  const isOver = isEndState(task.state)
  return html`${
    task.state === 'waiting_for_user'
      ? undefined
      : html`<details>
          <summary>Send a message</summary>
          ${steerForm(page, isOver ? 'Starts another session on the same branch' : 'The agent reads it after its present turn', 'Send')}
        </details>`
  }
  ${
    isOver
      ? undefined
      : html`<form method="post" action="${actionUrl(page, 'cancel')}">
          <input type="hidden" name="form_token" value="${page.formToken}" />
          <button>Cancel the task</button>
        </form>`
  }`
}

function steerForm(page: TaskPage, placeholder: string, label: string): Html {
  return html`<form method="post" action="${actionUrl(page, 'steer')}">
    <input type="hidden" name="form_token" value="${page.formToken}" />
    <textarea
      name="content"
      rows="3"
      required
      placeholder="${placeholder}"
      aria-label="${placeholder}"
    ></textarea>
    <button class="main">${label}</button>
  </form>`
}

function actionUrl(page: TaskPage, action: string): string {
  return `${taskPageUrl({ web: '' }, page.repository.full_name, page.task.id)}/${action}`
}

function logLine(event: Event): Html {
  const { label, text } = describeEvent(event)
  return html`<li>
    <time>${event.timestamp.slice(11, 19)}</time><span>${label}</span>
    <pre>${text}</pre>
  </li>`
}

/**
 * Keeps the log going by server-sent events. It writes only text nodes, and loads the page again when
 * the state changes, so that what the server shows is shown in one way only.
 */
export function liveLogScript(taskId: string, lastEventId: string): string {
  return `
const log = document.getElementById('log');
const source = new EventSource('/agents/tasks/${taskId}/events?after=${lastEventId}');
const types = ${JSON.stringify(liveTypes)};
for (const type of types) source.addEventListener(type, (message) => {
  const event = JSON.parse(message.data);
  if (type === 'session.state_changed' || type.startsWith('artifact.')) { source.close(); location.reload(); return }
  const line = document.createElement('li');
  for (const [tag, text] of [['time', event.timestamp.slice(11, 19)], ['span', type],
      ['pre', String(event.data.content ?? event.data.message ?? event.data.output ?? event.data.title ?? '')]]) {
    const cell = document.createElement(tag); cell.textContent = text; line.append(cell);
  }
  log.append(line);
});
source.onerror = () => { if (source.readyState === EventSource.CLOSED) source.close() };
`
}

const liveTypes = [
  'session.created',
  'session.state_changed',
  'session.log',
  'session.summary',
  'user.message',
  'assistant.message',
  'assistant.thought',
  'tool.execution_start',
  'tool.execution_update',
  'tool.execution_complete',
  'elicitation.requested',
  'elicitation.completed',
  'artifact.branch',
  'artifact.pull',
]

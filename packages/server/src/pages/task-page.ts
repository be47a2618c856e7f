import { type Event, isEndState, type RepositoryAccess } from '@errand/contract'
import type { SessionRow, TaskDetail } from '@errand/core'
import { taskPageUrl } from '../present/urls.ts'
import { describeEvent } from './describe-event.ts'
import { type Html, html } from './html.ts'
import { timeOf } from './live-log.ts'
import { diffBox } from './parts.ts'

interface TaskPage {
  task: TaskDetail
  repository: RepositoryAccess
  events: Event[]
  /** How many earlier events are not shown. */
  hidden: number
  diff: string
  formToken: string
}

/** A task: its state, its question, its result, and its log, which goes on while one looks. */
export function taskPage(page: TaskPage): Html {
  const { task, repository, events } = page
  const session = task.sessions.at(-1)
  return html`<p class="quiet">
      <a href="/">Tasks</a> / <a href="/${repository.full_name}">${repository.full_name}</a>
    </p>
    <h1>${task.name}</h1>
    <p>
      <span class="state ${task.state}" data-state="${task.state}"
        >${task.state.replaceAll('_', ' ')}</span
      >
      <span class="quiet">
        by ${task.creator_login}, on ${session?.model}${agentOf(session)}, ${timeElement(task.created_at)}
      </span>
    </p>
    <p id="changed" class="box question" hidden>
      The task has moved on. <a href="">Load the page again</a> when you have sent what you write.
    </p>
    ${problem(session)} ${question(page)} ${result(task)} ${controls(page)}
    <h2>${task.sessions.length === 1 ? 'Prompt' : 'Prompts'}</h2>
    ${task.sessions.map((each) => html`<div class="box"><pre>${each.prompt}</pre></div>`)}
    ${diffBox(page.diff)}
    <h2>Log</h2>
    ${page.hidden === 0 ? undefined : html`<p class="quiet">${page.hidden} earlier events are not shown here; the API has them all.</p>`}
    <ol id="log" data-after="${events.at(-1)?.id ?? 0}">
      ${events.map(logLine)}
    </ol>`
}

/** A script is its own agent. */
function agentOf(session: SessionRow | undefined): string {
  return session === undefined || session.agent === session.model ? '' : ` by ${session.agent}`
}

function timeElement(time: Date): Html {
  const text = time.toISOString()
  return html`<time datetime="${text}">${text.slice(0, 16).replace('T', ' ')} UTC</time>`
}

function problem(session: SessionRow | undefined): Html | undefined {
  if (session?.error === null || session?.error === undefined) return undefined
  const { title = 'Failed', message, remedy } = session.error
  return html`<div class="box problem">
    <b>${title}</b>
    <div>${message}</div>
    <div class="quiet">${remedy}</div>
  </div>`
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
    <time>${timeOf(event)}</time><span>${label}</span>
    <pre>${text}</pre>
  </li>`
}

import { type Event, isEndState } from '@errand/contract'
import * as core from '@errand/core'
import type { ServerContext } from '../context.ts'
import { eventFrame } from '../event-stream.ts'
import { describeEvent } from './describe-event.ts'
import { visible } from './html.ts'

/**
 * What a page's log is continued with: the lines as the page itself would show them, a word when what
 * stands above the log has changed, and one when there is no more to come.
 */
export async function* logFrames(
  context: ServerContext,
  taskId: string,
  after: number,
  signal: AbortSignal,
): AsyncGenerator<string> {
  for await (const event of core.followEvents(context.store, taskId, { after, signal })) {
    const { label, text } = describeEvent(event)
    const line = { time: timeOf(event), label, text: visible(text) }
    yield eventFrame(event.id, changesPage(event) ? 'changed' : 'line', line)
  }
  const task = signal.aborted ? undefined : await core.getTask(context.store, taskId)
  // Without it the browser would come again and again for nothing.
  if (task !== undefined && isEndState(task.state)) yield 'event: end\ndata: {}\n\n'
}

function changesPage({ type }: Event): boolean {
  return (
    type === 'session.state_changed' ||
    type === 'session.created' ||
    type.startsWith('artifact.') ||
    type.startsWith('elicitation.')
  )
}

export function timeOf(event: Event): string {
  return event.timestamp.slice(11, 19)
}

/**
 * Keeps the log of a task's page going. It writes text only, never markup. When the page has changed
 * it is loaded again, so that there is one way to show it; but not while somebody writes.
 */
export const liveLogScript = `
const log = document.getElementById('log');
const source = new EventSource(location.pathname + '/log?after=' + log.dataset.after);
const isWriting = () => [...document.querySelectorAll('textarea')].some((area) => area.value !== '');
function append(message) {
  const line = JSON.parse(message.data);
  const item = document.createElement('li');
  for (const [tag, text] of [['time', line.time], ['span', line.label], ['pre', line.text]]) {
    const cell = document.createElement(tag);
    cell.textContent = text;
    item.append(cell);
  }
  log.append(item);
}
source.addEventListener('line', append);
source.addEventListener('changed', (message) => {
  if (isWriting()) {
    append(message);
    document.getElementById('changed').hidden = false;
  } else {
    source.close();
    location.reload();
  }
});
source.addEventListener('end', () => source.close());
`

import type { Event, State } from '@errand/contract'
import { paintState, type Paint } from '../terminal/colours.ts'
import { printable, printableLine } from '../terminal/printable.ts'
import { shorten } from '../terminal/table.ts'

/** How much of a tool's input or title stands on its line. */
const titleWidth = 100

type Data = Readonly<Record<string, unknown>>
type Presenter = (data: Data, paint: Paint) => string

/**
 * One event as lines of a log, without the time; empty for what says nothing to a reader. Every text
 * of it is made printable here: it comes from an agent. Types unknown to this client are named only.
 */
export function presentEvent(event: Event, paint: Paint): string {
  const presenter = Object.hasOwn(presenters, event.type) ? presenters[event.type] : undefined
  return presenter ? presenter(event.data, paint) : paint('dim', printableLine(event.type))
}

/** Whether an event is a piece of running text, which goes on in the next event of its kind. */
export function isRunningText(event: Event): boolean {
  return event.type === 'assistant.message' || event.type === 'assistant.thought'
}

const presenters: Record<string, Presenter> = {
  'session.created': (data, paint) => {
    const model = data.model === undefined ? '' : paint('dim', ` (model ${line(data.model)})`)
    const reason = data.model_reason === undefined ? '' : `: ${line(data.model_reason)}`
    return `session created${model}${paint('dim', reason)}`
  },
  'session.state_changed': (data, paint) => {
    // States are printed as they come; an unknown one is only dimmed.
    const states = `${line(data.from)} → ${paintState(paint, line(data.to) as State)}`
    const reason = data.reason === undefined ? '' : paint('dim', ` (${line(data.reason)})`)
    return [`${states}${reason}`, ...presentFailure(data.error, paint)].join('\n')
  },
  'session.sandbox': (data, paint) =>
    paint('dim', `box ready: isolation ${line(data.level)}${findingNames(data.findings)}`),
  'session.workspace': (data, paint) =>
    paint(
      'dim',
      `workspace: ${line(data.base_ref)} at ${line(data.commit).slice(0, 12)} → ${line(data.head_ref)}`,
    ),
  'session.custom_agent': (data, paint) =>
    paint(
      'dim',
      `custom agent: ${line(data.name)} of ${line(data.repository)} at ${line(data.commit).slice(0, 12)}`,
    ),
  'session.log': (data, paint) => {
    const style = data.level === 'error' ? 'red' : data.level === 'warning' ? 'yellow' : 'dim'
    return paint(style, text(data.message))
  },
  'setup.step_start': (data, paint) =>
    `${paint('blue', '›')} setup: ${shorten(line(data.name), titleWidth)}`,
  'setup.step_update': (data, paint) => toolOutput(data.output, paint),
  'setup.step_complete': (data, paint) => setupStepEnd(data, paint),
  'session.budget_warning': (data, paint) => paint('yellow', text(data.message)),
  'session.summary': (data, paint) =>
    [paint('bold', line(data.title)), text(data.body)].join('\n').trimEnd(),
  'user.message': (data, paint) => `${paint('cyan', 'user:')} ${text(data.content)}`,
  'assistant.message': (data) => text(data.content),
  'assistant.thought': (data, paint) => paint('dim', text(data.content)),
  'assistant.plan': (data, paint) =>
    [paint('bold', 'plan'), ...planEntries(data.entries)].join('\n'),
  'assistant.usage': (data, paint) =>
    paint(
      'dim',
      `${line(data.model)}: ${line(data.input_tokens)} tokens in, ${line(data.output_tokens)} out`,
    ),
  'tool.execution_start': (data, paint) =>
    `${paint('blue', '›')} ${shorten(line(data.title), titleWidth)}`,
  'tool.execution_update': (data, paint) => toolOutput(data.output, paint),
  'tool.execution_complete': (data, paint) =>
    [toolOutput(data.output, paint), data.status === 'failed' ? paint('red', '✗ failed') : '']
      .filter((part) => part !== '')
      .join('\n'),
  'session.hook': (data, paint) => {
    const ended = data.outcome === 'completed' ? '' : ` ${line(data.outcome)}`.replace('_', ' ')
    const decision = data.decision === undefined ? '' : `: ${line(data.decision)}`
    const why = data.message === undefined ? '' : ` (${shorten(line(data.message), titleWidth)})`
    const style = data.outcome === 'failed' || data.decision === 'deny' ? 'yellow' : 'dim'
    return paint(style, `hook ${line(data.hook)}${ended}${decision}${why}`)
  },
  'firewall.blocked': (data, paint) => {
    const done = data.is_report_only === true ? 'would block' : 'blocked'
    const by = data.process === undefined ? '' : paint('dim', ` (${line(data.process)})`)
    const whose = data.mcp_server === undefined ? '' : `, MCP server ${line(data.mcp_server)}`
    return `${paint('yellow', `firewall ${done}`)} ${addressOfRequest(data)}${by}${whose}`
  },
  'mcp.server': (data, paint) => {
    const tools = Array.isArray(data.tools) ? ` with ${data.tools.length} tools` : ''
    const message = data.message === undefined ? '' : `: ${line(data.message)}`
    const style = data.state === 'started' ? 'dim' : 'yellow'
    return paint(style, `MCP server ${line(data.server)} ${line(data.state)}${tools}${message}`)
  },
  'mcp.call': (data, paint) => {
    const called = `MCP ${line(data.server)}: ${line(data.tool)} ${line(data.arguments ?? '')}`
    const failed = data.status === 'failed' ? paint('red', ' ✗ failed') : ''
    return `${paint('blue', '›')} ${shorten(called.trimEnd(), titleWidth)}${failed}`
  },
  'session.validation': (data, paint) => validationLines(data, paint),
  'elicitation.requested': (data, paint) =>
    `${paint('magenta', 'question:')} ${paint('bold', text(data.message))}`,
  'elicitation.completed': (data, paint) => `${paint('cyan', 'answer:')} ${text(data.answer)}`,
  'artifact.branch': (data, paint) => {
    const files = data.files_changed === 1 ? '1 file' : `${line(data.files_changed)} files`
    const what = data.unfinished === true ? 'unfinished work on branch' : 'branch'
    return `${what} ${paint('cyan', line(data.head_ref))}: ${files} changed against ${line(data.base_ref)}`
  },
  'artifact.pull': (data, paint) =>
    `pull request #${line(data.number)}: ${paint('underline', line(data.html_url))}`,
  abort: (data, paint) => paint('yellow', `stopped by ${line(data.by)}`),
}

function addressOfRequest({ scheme, host, port, path }: Data): string {
  return `${line(scheme)}://${line(host)}:${line(port)}${path === undefined ? '' : line(path)}`
}

/** What one of the tools says, and its findings below. */
function validationLines({ tool, outcome, message, findings }: Data, paint: Paint): string {
  const style = outcome === 'passed' || outcome === 'not_available' ? 'dim' : 'yellow'
  const said = paint(style, `${line(tool)}: ${line(outcome)}`.replaceAll('_', ' '))
  const why = message === undefined ? '' : paint('dim', ` (${line(message)})`)
  const list = Array.isArray(findings) ? findings : []
  const lines = list.map((finding: Data) => {
    const at = finding.line === undefined ? '' : `:${line(finding.line)}`
    const place = finding.path === undefined ? '' : `${line(finding.path)}${at}: `
    return `  ${line(finding.severity)} ${place}${line(finding.message)}`
  })
  return [`${said}${why}`, ...lines].join('\n')
}

/** What went wrong, why, and what to do, as a session's error has it. */
export function presentFailure(error: unknown, paint: Paint): string[] {
  if (typeof error !== 'object' || error === null) return []
  const { message, remedy } = error as Data
  const lines = [paint('red', text(message))]
  return remedy === undefined ? lines : [...lines, text(remedy)]
}

function toolOutput(output: unknown, paint: Paint): string {
  const shown = text(output).trimEnd()
  if (shown === '') return ''
  return shown
    .split('\n')
    .map((each) => paint('dim', `  ${each}`))
    .join('\n')
}

function setupStepEnd({ name, outcome, seconds, message }: Data, paint: Paint): string {
  const why = message === undefined ? '' : `: ${line(message)}`
  switch (outcome) {
    case 'success':
      return paint('dim', `  ✓ ${line(seconds)} s`)
    case 'skipped':
      return paint('dim', `› setup: ${shorten(line(name), titleWidth)}: skipped${why}`)
    default:
      return paint('red', `✗ setup: ${shorten(line(name), titleWidth)}: ${line(outcome)}${why}`)
  }
}

function planEntries(entries: unknown): string[] {
  if (!Array.isArray(entries)) return []
  return entries.map((entry: Data) => {
    const mark = entry.status === 'completed' ? '✓' : entry.status === 'in_progress' ? '▸' : '·'
    return `  ${mark} ${line(entry.content)}`
  })
}

function findingNames(findings: unknown): string {
  if (typeof findings !== 'object' || findings === null) return ''
  const shown = Object.entries(findings)
    .filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))
    .map(([name, value]) => `${printableLine(name)} ${line(value)}`)
  return shown.length === 0 ? '' : `, ${shown.join(', ')}`
}

function text(value: unknown): string {
  return printable(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

function line(value: unknown): string {
  return printableLine(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''))
}

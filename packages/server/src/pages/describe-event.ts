import type { Event } from '@errand/contract'

/** An event as a line of the log: what it is, and its text. */
export function describeEvent(event: Event): { label: string; text: string } {
  const { data } = event
  switch (event.type) {
    case 'session.created':
      return { label: 'session created', text: '' }
    case 'session.state_changed':
      return {
        label: 'state',
        text: [textOf(data['to']).replaceAll('_', ' '), textOf(data['reason'])]
          .filter(Boolean)
          .join(': '),
      }
    case 'session.sandbox':
      return { label: 'sandbox', text: `level ${textOf(data['level'])}` }
    case 'session.workspace':
      return {
        label: 'workspace',
        text: `${textOf(data['base_ref'])} at ${textOf(data['commit']).slice(0, 12)}`,
      }
    case 'session.custom_agent':
      return {
        label: 'custom agent',
        text: `${textOf(data['name'])} of ${textOf(data['repository'])} at ${textOf(data['commit']).slice(0, 12)}`,
      }
    case 'setup.step_start':
      return { label: 'setup step', text: textOf(data['name']) }
    case 'setup.step_update':
      return { label: 'setup output', text: textOf(data['output']) }
    case 'setup.step_complete':
      return { label: `setup step: ${textOf(data['outcome'])}`, text: setupStepOf(data) }
    case 'session.budget_warning':
      return { label: 'budget', text: textOf(data['message']) }
    case 'session.summary':
      return { label: 'summary', text: `${textOf(data['title'])}\n\n${textOf(data['body'])}` }
    case 'assistant.plan':
      return { label: 'plan', text: planOf(data['entries']) }
    case 'assistant.usage':
      return {
        label: 'usage',
        text: `${textOf(data['model'])}: ${textOf(data['input_tokens'])} in, ${textOf(data['output_tokens'])} out`,
      }
    case 'session.hook':
      return {
        label: 'hook',
        text: [
          textOf(data['hook']),
          textOf(data['decision'] ?? data['outcome']),
          textOf(data['message']),
        ]
          .filter(Boolean)
          .join(': '),
      }
    case 'firewall.blocked':
      return {
        label: data['is_report_only'] === true ? 'firewall would block' : 'firewall blocked',
        text: blockedOf(data),
      }
    case 'session.validation':
      return { label: textOf(data['tool']).replaceAll('_', ' '), text: validationOf(data) }
    case 'mcp.server':
      return {
        label: `MCP server ${textOf(data['state'])}`,
        text: [textOf(data['server']), textOf(data['message'])].filter(Boolean).join(': '),
      }
    case 'mcp.call':
      return {
        label: data['status'] === 'failed' ? 'MCP call failed' : 'MCP call',
        text: `${textOf(data['server'])}: ${textOf(data['tool'])} ${textOf(data['arguments'])}`,
      }
    case 'elicitation.requested':
      return { label: 'question', text: textOf(data['message']) }
    case 'elicitation.completed':
      return { label: 'answer', text: textOf(data['answer']) }
    case 'artifact.branch':
      return {
        label: data['unfinished'] === true ? 'unfinished branch' : 'branch',
        text: textOf(data['head_ref']),
      }
    case 'artifact.pull':
      return { label: 'pull request', text: textOf(data['html_url']) }
    default:
      return {
        label: event.type,
        text: textOf(
          data['content'] ?? data['message'] ?? data['output'] ?? data['title'] ?? data['by'],
        ),
      }
  }
}

function blockedOf(data: Event['data']): string {
  const [scheme, host, port, path] = ['scheme', 'host', 'port', 'path'].map((key) =>
    textOf(data[key]),
  )
  const process = textOf(data['process'])
  const server = textOf(data['mcp_server'])
  const whose = server === '' ? '' : `, MCP server ${server}`
  return `${scheme}://${host}:${port}${path}${process === '' ? '' : ` (${process})`}${whose}`
}

function validationOf(data: Event['data']): string {
  const { outcome, message, findings } = data
  const list = Array.isArray(findings) ? findings : []
  const lines = list.map((finding: Record<string, unknown>) => {
    const at = [textOf(finding['path']), textOf(finding['line'])].filter(Boolean).join(':')
    return `${textOf(finding['severity'])} ${at === '' ? '' : `${at}: `}${textOf(finding['message'])}`
  })
  return [textOf(message ?? outcome).replaceAll('_', ' '), ...lines].join('\n')
}

function setupStepOf(data: Event['data']): string {
  const why = textOf(data['message'])
  return `${textOf(data['name'])} (${textOf(data['seconds'])} s)${why === '' ? '' : `: ${why}`}`
}

function planOf(entries: unknown): string {
  if (!Array.isArray(entries)) return ''
  return entries
    .map((entry: { content?: unknown; status?: unknown }) => {
      const mark = entry.status === 'completed' ? 'x' : ' '
      return `[${mark}] ${textOf(entry.content)}`
    })
    .join('\n')
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return ''
  return typeof value === 'string' ? value : JSON.stringify(value)
}

// An MCP server for tests, which does by hand what a library would not: it looks around, floods, hangs and dies.
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'

interface Message {
  id?: number
  method?: string
  params?: { name?: string; arguments?: Record<string, unknown> }
}

const [mode] = process.argv.slice(2)
const mebibyte = 1024 * 1024

/** Characters that change a terminal, run backwards, or are not seen. */
const hidden = String.fromCodePoint(
  0x1b,
  0x5b,
  0x33,
  0x31,
  0x6d,
  0x202e,
  0x200b,
  0xe0041,
  0xe0042,
  0x2063,
)

const described = [
  { name: 'sh', description: `Runs${hidden} a command` },
  { name: 'environments', description: 'Reads every environment there is' },
  { name: 'flood', description: 'Answers without end' },
  { name: 'hang', description: 'Does not answer' },
  { name: 'die', description: 'Ends' },
  { name: 'shout', description: 'Prints errors without end' },
  { name: 'image', description: 'Gives many large images' },
  { name: `a${hidden}b`, description: 'Has no plain name' },
  { name: 'x'.repeat(500), description: 'Has a long name' },
]

function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

function say(id: number, text: string): void {
  send({ id, result: { content: [{ type: 'text', text }] } })
}

function shell(command: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', command], (error, stdout, stderr) => {
      resolve(`${stdout}${stderr}${error === null ? '' : `code ${error.code}`}`)
    })
  })
}

/** Of every process that is seen. */
function environments(): string {
  const found = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return found
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'utf8')
      } catch {
        return ''
      }
    })
    .join('\n')
}

async function call(id: number, name: string, args: Record<string, unknown>): Promise<void> {
  switch (name) {
    case 'sh':
      return say(id, await shell(String(args.command)))
    case 'environments':
      return say(id, environments())
    case 'image': {
      const data = 'A'.repeat(mebibyte)
      const image = { type: 'image', mimeType: 'image/png', data }
      return send({ id, result: { content: [image, image, { type: 'text', text: 'small' }] } })
    }
    case 'flood': {
      process.stdout.write(
        `{"jsonrpc":"2.0","id":${id},"result":{"content":[{"type":"text","text":"`,
      )
      const piece = 'x'.repeat(mebibyte)
      for (let at = 0; at < 100; at += 1) {
        if (!process.stdout.write(piece)) {
          await new Promise((resolve) => process.stdout.once('drain', resolve))
        }
      }
      process.stdout.write('"}]}}\n')
      return
    }
    case 'hang':
      await delay(1_000_000)
      return
    case 'shout': {
      const shout = (): void => void process.stderr.write('x'.repeat(mebibyte), shout)
      return shout()
    }
    case 'die':
      process.stderr.write('I have had enough of \u001b[31mthis')
      process.exit(3)
  }
}

async function answer({ id, method, params }: Message & { id: number }): Promise<void> {
  switch (method) {
    case 'initialize':
      if (mode === '--silent') return
      return send({
        id,
        result: {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 'fixture', version: '1' },
        },
      })
    case 'tools/list': {
      const tools = described.map((tool) => ({ ...tool, inputSchema: { type: 'object' } }))
      const many = Array.from({ length: 1000 }, (_, at) => ({
        name: `tool-${at}`,
        inputSchema: { type: 'object' },
      }))
      return send({ id, result: { tools: mode === '--many' ? many : tools } })
    }
    case 'tools/call':
      return await call(id, params?.name ?? '', params?.arguments ?? {})
    default:
      return send({ id, error: { code: -32_601, message: 'unknown method' } })
  }
}

process.stdout.write('This line is no message.\n')
createInterface({ input: process.stdin }).on('line', (line) => {
  const message = JSON.parse(line) as Message
  if (message.id !== undefined) void answer({ ...message, id: message.id })
})

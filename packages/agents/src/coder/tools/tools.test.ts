import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bashTool } from './bash.ts'
import { editFileTool } from './edit-file.ts'
import { listFilesTool } from './list-files.ts'
import { readFileTool } from './read-file.ts'
import { searchTool } from './search.ts'
import { type Tool, type ToolContext, ToolError } from './tool.ts'
import { writeFileTool } from './write-file.ts'

let workspace: string
let context: ToolContext

beforeEach(async () => {
  workspace = await mkdtemp(join(tmpdir(), 'errand-tools-'))
  context = {
    workspace,
    env: process.env,
    signal: new AbortController().signal,
    outputLimit: 5000,
    ask: async () => '',
    takePlan: async () => undefined,
    explore: async () => '',
  }
})
afterEach(() => rm(workspace, { recursive: true, force: true }))

const path = (name: string) => join(workspace, name)
async function put(name: string, text: string | Buffer): Promise<void> {
  await mkdir(dirname(path(name)), { recursive: true })
  await writeFile(path(name), text)
}
const get = (name: string) => readFile(path(name), 'utf8')

async function run<Input>(tool: Tool<Input>, input: Input): Promise<string> {
  return (await tool.run(context, tool.input.parse(input))).text
}
const fails = <Input>(tool: Tool<Input>, input: Input) =>
  expect(run(tool, input)).rejects.toThrowError(ToolError)

describe('read_file', () => {
  it('numbers the lines, and says how to read on', async () => {
    await put('a.txt', 'one\ntwo\nthree\nfour\n')

    expect(await run(readFileTool, { path: 'a.txt', offset: 2, limit: 2 })).toBe(
      '2\ttwo\n3\tthree\n(Lines 2 to 3 of 4. Read on with offset 4.)',
    )
    expect(await run(readFileTool, { path: 'a.txt', offset: 4 })).toBe('4\tfour')
    expect(await run(readFileTool, { path: path('a.txt'), limit: 1 })).toMatch(/^1\tone\n/)
  })

  it('keeps to its limits, however long the file or a line is', async () => {
    await put('many.txt', 'a line of text\n'.repeat(10_000))
    await put('long.txt', `${'x'.repeat(1_000_000)}\nlast`)

    const many = await run(readFileTool, { path: 'many.txt' })
    const long = await run(readFileTool, { path: 'long.txt' })

    expect(many.length).toBeLessThan(5200)
    expect(many).toMatch(/\(Lines 1 to \d+ of 10000\. Read on with offset \d+\.\)$/)
    expect(long.length).toBeLessThan(2200)
    expect(long).toContain('[... line cut]')
  })

  it('reads an empty file, and one without a last line end', async () => {
    await put('empty', '')
    await put('open', 'a\nb')

    expect(await run(readFileTool, { path: 'empty' })).toBe('(The file is empty.)')
    expect(await run(readFileTool, { path: 'open' })).toBe('1\ta\n2\tb')
  })

  it.each([
    ['nothing.txt', /does not exist/],
    ['a.txt/b', /does not exist: a part of it is a file/],
    ['folder', /is a folder: use list_files/],
    ['binary', /is a binary file of 4 bytes/],
    ['latin', /is not UTF-8 text/],
    ['huge', /too many to be read whole/],
    ['pipe', /is not a file/],
    ['loop', /leads to itself/],
    ['../outside', /is outside of the workspace/],
    ['/etc/passwd', /is outside of the workspace/],
    ['link', /is outside of the workspace/],
    ['link/hosts', /is outside of the workspace/],
    ['a\0b', /NUL/],
  ])('says of %j what is wrong', async (name, message) => {
    await put('a.txt', 'a')
    await mkdir(path('folder'))
    await put('binary', Buffer.from([65, 0, 66, 67]))
    await put('latin', Buffer.from([0xe4, 0xf6]))
    execFileSync('truncate', ['-s', '20M', path('huge')])
    execFileSync('mkfifo', [path('pipe')])
    await symlink('loop', path('loop'))
    await symlink('/etc', path('link'))

    await expect(run(readFileTool, { path: name })).rejects.toThrowError(message)
    await fails(readFileTool, { path: name })
  })

  it('says that there are not so many lines', async () => {
    await put('a.txt', 'a\nb\n')

    await expect(run(readFileTool, { path: 'a.txt', offset: 3 })).rejects.toThrowError(/only 2/)
  })
})

describe('list_files', () => {
  it('lists a few levels, and names what it does not look into', async () => {
    for (const name of ['b/c/d/e', 'a', '.git/config', 'node_modules/x/y', 'b/z'])
      await put(name, '')

    expect(await run(listFilesTool, {})).toBe(
      ['.git/', 'a', 'b/', 'b/c/', 'b/z', 'node_modules/'].join('\n'),
    )
    expect(await run(listFilesTool, { path: 'b', depth: 3 })).toBe(
      ['b/c/', 'b/c/d/', 'b/c/d/e', 'b/z'].join('\n'),
    )
    expect(await run(listFilesTool, { path: 'node_modules', depth: 1 })).toBe('node_modules/x/')
  })

  it('keeps to its limits in a folder of many files', async () => {
    for (let at = 0; at < 1500; at += 1) await put(`many/file-${at}`, '')

    const listed = await run(listFilesTool, { path: 'many' })

    expect(listed.length).toBeLessThan(5200)
    expect(listed).toMatch(/\(There is more\./)
  })

  it('does not follow links', async () => {
    await symlink('/', path('root'))

    expect(await run(listFilesTool, { depth: 10 })).toBe('root')
  })

  it('says what is wrong', async () => {
    await put('a', '')

    await fails(listFilesTool, { path: 'a' })
    await fails(listFilesTool, { path: 'none' })
    await fails(listFilesTool, { path: '..' })
    expect(await run(listFilesTool, { path: '.' })).toBe('a')
  })
})

// The second is where there is no ripgrep.
describe.each(['rg and grep', 'grep alone'])('search with %s', (programs) => {
  beforeEach(async () => {
    if (programs === 'rg and grep') return undefined
    const folder = await mkdtemp(join(tmpdir(), 'errand-bin-'))
    const grep = execFileSync('bash', ['-c', 'command -v grep'], { encoding: 'utf8' }).trim()
    await symlink(grep, join(folder, 'grep'))
    context = { ...context, env: { PATH: folder } }
    return () => rm(folder, { recursive: true, force: true })
  })

  it('finds lines by a pattern, in a folder, in files of a name', async () => {
    await put('src/a.ts', 'const one = 1\nconst two = 2\n')
    await put('src/b.js', 'let one\n')
    await put('.github/c.ts', 'ONE\n')
    await put('.git/d.ts', 'one\n')

    const found = async (input: object) =>
      (await run(searchTool, { pattern: 'one', ...input })).split('\n').toSorted()

    expect(await found({})).toEqual(['src/a.ts:1:const one = 1', 'src/b.js:1:let one'])
    expect(await found({ glob: '*.ts' })).toEqual(['src/a.ts:1:const one = 1'])
    expect(await found({ path: 'src/b.js' })).toEqual(['src/b.js:1:let one'])
    expect(await found({ pattern: String.raw`\btwo\b = \d` })).toEqual(['src/a.ts:2:const two = 2'])
    expect(await found({ glob: 'c.*', ignore_case: true })).toEqual(['.github/c.ts:1:ONE'])
    expect(await run(searchTool, { pattern: 'three' })).toBe('No matches.')
  })

  it('takes a pattern for a pattern, not for an option', async () => {
    await put('a', '--files\n')

    expect(await run(searchTool, { pattern: '--files' })).toBe('a:1:--files')
    expect(await run(searchTool, { pattern: 'x', glob: '--files' })).toBe('No matches.')
  })

  it('keeps to its limits', async () => {
    await put('a', `match ${'x'.repeat(10_000)}\n`.repeat(1000))

    const found = await run(searchTool, { pattern: 'match' })

    expect(found.length).toBeLessThan(5200)
    expect(found).toContain('[... line cut]')
    expect(found).toMatch(/\(There are more matches: /)
  })

  it('says what is wrong with a pattern, and with a place', async () => {
    await fails(searchTool, { pattern: 'a(' })
    await fails(searchTool, { pattern: 'a', path: 'none' })
    await fails(searchTool, { pattern: 'a', path: '/etc' })
  })
})

describe('edit_file', () => {
  it('replaces a text that occurs once, and tells where', async () => {
    await put('a.txt', 'one\ntwo\nthree\n')

    const text = await run(editFileTool, {
      path: 'a.txt',
      old_text: 'two\n',
      new_text: '2\nzwei\n',
    })

    expect(text).toBe('Replaced at line 2 of a.txt.')
    expect(await get('a.txt')).toBe('one\n2\nzwei\nthree\n')
  })

  it('replaces all, if asked to', async () => {
    await put('a.txt', 'a b a b')

    await run(editFileTool, { path: 'a.txt', old_text: 'a', new_text: '$&c', replace_all: true })

    expect(await get('a.txt')).toBe('$&c b $&c b')
  })

  it('keeps line ends, a byte order mark and the mode of the file', async () => {
    await put('a.sh', '\uFEFFone\r\ntwo\r\nthree\r\n')
    await chmod(path('a.sh'), 0o755)

    await run(editFileTool, { path: 'a.sh', old_text: 'one\ntwo', new_text: '1\n2\n' })

    expect(await get('a.sh')).toBe('\uFEFF1\r\n2\r\n\r\nthree\r\n')
    expect((await stat(path('a.sh'))).mode & 0o777).toBe(0o755)
  })

  it.each([
    ['nowhere', /is not in a\.txt\. Read the file again/],
    ['x', /occurs 2 times in a\.txt, at lines 1, 3/],
    ['if(a) {\n  b\n}', /line 4 and on differ from it only in white space/],
    ['y', /the same/],
  ])('says of %j what is wrong', async (old_text, message) => {
    await put('a.txt', 'x\ny\nx\nif (a) {\n    b\n}\n')

    await expect(
      run(editFileTool, { path: 'a.txt', old_text, new_text: 'y' }),
    ).rejects.toThrowError(message)
    expect(await get('a.txt')).toBe('x\ny\nx\nif (a) {\n    b\n}\n')
  })

  it('says that it looked past white space', async () => {
    await put('a.txt', 'if (a) {\n\tb\n}\n')

    const input = {
      path: 'a.txt',
      old_text: '1\tif (a) {\n2\t    b',
      new_text: '1\tif (a) {\n2\t    c',
    }
    const text = await run(editFileTool, input)

    expect(text).toMatch(/^Replaced at line 1 of a\.txt\. What stood there differs/)
    expect(await get('a.txt')).toBe('if (a) {\n\tc\n}\n')
  })

  it('does not touch what is no text', async () => {
    await put('latin', Buffer.from([0x61, 0xe4]))

    await fails(editFileTool, { path: 'latin', old_text: 'a', new_text: 'b' })
    await fails(editFileTool, { path: '../x', old_text: 'a', new_text: 'b' })
  })
})

describe('write_file', () => {
  it('makes a file with its folders, and replaces one', async () => {
    const input = { path: 'new/folder/a.txt', content: 'a\nb\n' }

    expect(await run(writeFileTool, input)).toBe('Made new/folder/a.txt, 2 lines.')
    expect(await run(writeFileTool, { ...input, content: 'c' })).toBe(
      'Replaced new/folder/a.txt, 1 lines.',
    )
    expect(await get('new/folder/a.txt')).toBe('c')
  })

  it.each([
    ['line ends', 'a\r\nb\r\n', 'c\nd\n', 'c\r\nd\r\n'],
    ['line ends unless they differ', 'a\r\nb\n', 'c\nd\n', 'c\nd\n'],
    ['byte order mark', '\uFEFFa\n', 'c\n', '\uFEFFc\n'],
  ])('leaves a file its %s', async (_, before, content, after) => {
    await put('a.txt', before)

    await run(writeFileTool, { path: 'a.txt', content })

    expect(await get('a.txt')).toBe(after)
  })

  it.each(['folder', 'pipe', '/etc/x', '../x', 'link/x', 'dangling'])(
    'does not write to %s',
    async (name) => {
      await mkdir(path('folder'))
      execFileSync('mkfifo', [path('pipe')])
      await symlink('/etc', path('link'))
      await symlink('/no/such/place', path('dangling'))

      await fails(writeFileTool, { path: name, content: 'x' })
    },
  )
})

describe('bash', () => {
  it('gives the exit code and both outputs, in their order', async () => {
    expect(await run(bashTool, { command: 'echo a; echo b >&2; echo c; exit 3' })).toBe(
      'Exit code 3.\na\nb\nc',
    )
    expect(await run(bashTool, { command: 'pwd > where' })).toBe('Exit code 0. It printed nothing.')
    expect((await get('where')).trim()).toBe(workspace)
  })

  it('keeps the beginning and the end of long output, and does not keep the rest', async () => {
    const text = await run(bashTool, {
      command: 'echo first; head -c 300000000 /dev/zero | tr "\\0" y; echo last',
    })

    expect(text.length).toBeLessThan(5200)
    expect(text).toMatch(
      /^Exit code 0\.\nfirst\ny+\n\[\.\.\. \d+ characters left out \.\.\.\]\ny+last$/,
    )
  })

  it('ends a command at its time limit, with all it started', async () => {
    const command = 'sleep 300 & echo $!; echo started; wait'

    const text = await run(bashTool, { command, timeout_seconds: 1 })

    expect(text).toMatch(/^Stopped after 1 seconds, its time limit\.\n\d+\nstarted$/)
    const pid = Number(/^\d+$/m.exec(text)?.[0])
    await expect.poll(() => isRunning(pid)).toBe(false)
  })

  it('does not wait for what a command leaves behind', async () => {
    const text = await run(bashTool, { command: 'sleep 300 & echo $!' })

    const pid = Number(/^\d+$/m.exec(text)?.[0])
    await expect.poll(() => isRunning(pid)).toBe(false)
  })

  it('gives a command no input to wait for', async () => {
    expect(await run(bashTool, { command: 'cat; read x || echo none' })).toBe('Exit code 0.\nnone')
  })

  it('says that a signal ended it', async () => {
    expect(await run(bashTool, { command: 'kill -9 $$' })).toMatch(/^Ended by a signal\./)
  })

  it('survives output that is no text', async () => {
    expect(await run(bashTool, { command: 'head -c 100 /dev/urandom; echo; echo end' })).toMatch(
      /end$/,
    )
  })
})

/** What has ended but was not waited for by whoever adopted it does not run. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

import { execFileSync } from 'node:child_process'

import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { startTestRunner, type TestRunner } from '../testing/start-test-runner.ts'

let test: TestRunner

beforeAll(async () => {
  test = await startTestRunner()
})
afterAll(() => test?.[Symbol.asyncDispose]())

/** Of the Python that a box sees: those of a home are not shown in it. */
function canMakeVenv(): boolean {
  try {
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' }
    execFileSync('python3', ['-c', 'import ensurepip, venv'], { env, stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A wheel as pip takes it, made without any tool that would have to be fetched. */
const makeWheel = String.raw`
import os, zipfile
os.chdir(os.path.expanduser('~'))
name = 'errand_demo-1.0'
with zipfile.ZipFile(f'{name}-py3-none-any.whl', 'w') as wheel:
    wheel.writestr('errand_demo.py', 'word = "from the wheel"')
    wheel.writestr(f'{name}.dist-info/METADATA', 'Metadata-Version: 2.1\nName: errand-demo\nVersion: 1.0\n')
    wheel.writestr(f'{name}.dist-info/WHEEL', 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n')
    wheel.writestr(f'{name}.dist-info/RECORD', '')
`
const steps = `
jobs:
  copilot-setup-steps:
    steps:
      - id: python
        uses: actions/setup-python@v6
      - name: Make a wheel
        shell: python
        run: |
${makeWheel.trim().replace(/^/gm, '          ')}
      - uses: actions/setup-python@v6
      - run: |
          pip install --quiet --no-index --find-links ~ errand-demo
          test "$pythonLocation/bin/python" = "\${{ steps.python.outputs.python-path }}"
          test "$VIRTUAL_ENV/bin/pip" = "$(command -v pip)"
`

async function session(file: string, script: string) {
  await test.forge.commit('main', { '.github/workflows/copilot-setup-steps.yml': file })
  const id = await test.add({ prompt: `Do it\n\n\`\`\`sh\n${script}\n\`\`\`\n` })
  await test.untilEnded(id)
  const events = await test.events(id)
  const of = (type: string) => events.filter((event) => event.type === type)
  return {
    outcomes: of('setup.step_complete').map(({ data }) => data['outcome']),
    log: of('session.log')
      .map(({ data }) => String(data['message']))
      .join('\n'),
    agent: of('tool.execution_update')
      .map(({ data }) => String(data['output']))
      .join(''),
  }
}

describe('a step of setup-python', () => {
  it.skipIf(!canMakeVenv())(
    'has pip install packages for the steps after it, the agent, and the next session',
    async () => {
      const look = "python -c 'import errand_demo; print(errand_demo.word)'; pip --version"

      const first = await session(steps, look)
      const second = await session(steps, look)

      expect(first.outcomes).toEqual(['success', 'success', 'success', 'success'])
      expect(second.outcomes).toEqual([])
      for (const { agent } of [first, second]) {
        expect(agent).toMatch(/^from the wheel\npip \S+ from \/home\/\S+\/tool-cache\/Python\//)
      }
    },
  )

  it('says so where the Python of the machine cannot make an environment', async () => {
    const without = `      - run: |
          mkdir -p ~/bin
          printf '#!/bin/sh\\n[ "$1" != -m ] || exit 1\\necho Python 3.99.1\\n' > ~/bin/python
          chmod +x ~/bin/python; cp ~/bin/python ~/bin/python3
          echo ~/bin >> "$GITHUB_PATH"
      - uses: actions/setup-python@v6
      - run: test "$(python --version)" = 'Python 3.99.1' && test -z "\${pythonLocation-}"
`
    const file = `\njobs:\n  copilot-setup-steps:\n    steps:\n${without}`

    const { outcomes, log } = await session(file, 'true')

    expect(outcomes).toEqual(['success', 'success', 'success'])
    expect(log).toContain('no environment that pip could install into can be made')
  })
})

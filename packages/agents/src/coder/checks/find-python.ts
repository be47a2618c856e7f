import type { FoundCheck, Place } from './place.ts'

const settings = ['pytest.ini', 'conftest.py', 'pyproject.toml', 'setup.cfg', 'tox.ini', 'setup.py']
const requirements = [
  'requirements-dev.txt',
  'requirements-test.txt',
  'dev-requirements.txt',
  'requirements.txt',
]
const testFile = /^test_.*\.py$|_test\.py$/

/** pytest, where a project names it; else unittest, where there are files it finds. */
export async function findInPython({ names, read, list }: Place): Promise<FoundCheck[]> {
  for (const from of [...settings, ...requirements]) {
    if (!names.has(from)) continue
    const isNamed =
      from === 'pytest.ini' || from === 'conftest.py' || /\bpytest\b/.test(await read(from))
    if (isNamed) return [{ command: 'python3 -m pytest', from, kind: 'tests' }]
  }
  for (const folder of ['tests', 'test']) {
    const found = names.has(folder) ? await list(folder) : []
    const file = found.find((name) => testFile.test(name))
    if (file === undefined) continue
    if (found.includes('conftest.py')) {
      return [{ command: 'python3 -m pytest', from: `${folder}/conftest.py`, kind: 'tests' }]
    }
    const command = `python3 -m unittest discover -s ${folder} -t .`
    // Without this file a folder is no package, and cannot be loaded from the root.
    const isPackage = found.includes('__init__.py')
    return [
      {
        command: isPackage ? command : `python3 -m unittest discover -s ${folder}`,
        from: `${folder}/${file}`,
        kind: 'tests',
      },
    ]
  }
  const file = [...names].find((name) => testFile.test(name))
  if (file === undefined) return []
  return [{ command: 'python3 -m unittest', from: file, kind: 'tests' }]
}

import type { Reply, Script, Turn } from '../support/scripted-model.ts'

/** What the user says in each session, and in answer to the agent's question. */
export const prompts = {
  task: 'Greet the world',
  answer: 'In Danish, please',
  followUp: 'Sign the greeting',
  wait: 'Wait for me',
  meanwhile: 'Mind the gap',
} as const

const minded: Reply = { say: 'The gap is minded.' }

/** Agents call their shell by different names, and its command as well. */
const shells = {
  exec_command: 'cmd',
  Bash: 'command',
  bash: 'command',
  run_shell_command: 'command',
} as const

/**
 * The same piece of work for every agent, by whatever tools it offers its model: ask, write what was
 * answered, and sign it when told to. What comes without tools is a title or the like.
 */
export const greet: Script = (turn) => {
  if (turn.tools.length === 0) return { say: '{"title":"A greeting"}' }
  if (turn.result !== '') return goOn(turn)
  // Where a conversation is told anew the last thing that was said counts.
  const [last] = Object.entries(prompts)
    .map(([step, text]) => [step, turn.prompt.lastIndexOf(text)] as const)
    .toSorted(([, one], [, other]) => other - one)
  switch (last?.[0]) {
    case 'answer':
      return write(turn)
    case 'wait':
      return shell(turn, 'until [ -e go ]; do sleep 0.1; done; rm -f go; echo it is there')
    case 'meanwhile':
      return minded
    case 'followUp':
      return shell(turn, 'echo Errand >> GREETING.md && echo it is signed')
    default:
      return ask(turn)
  }
}

function goOn(turn: Turn): Reply {
  const { result } = turn
  // What is said meanwhile stands beside the result, or is a prompt of its own.
  if (/it is there/.test(result)) {
    const isTold = turn.prompt.includes(prompts.meanwhile)
    return isTold ? minded : shell(turn, 'sleep 0.3; echo it is there')
  }
  if (/it is signed/.test(result)) return { say: 'The greeting is signed.' }
  if (/it is written/.test(result)) return { say: 'The world is greeted.' }
  if (/Danish/.test(result)) return write(turn)
  return { say: 'I wait for the answer.' }
}

function write(turn: Turn): Reply {
  return shell(turn, 'echo "Hej, verden" > GREETING.md && echo it is written')
}

function shell({ tools }: Turn, command: string): Reply {
  const found = Object.entries(shells).find(([name]) => tools.includes(name))
  if (found === undefined) throw new Error(`no shell among ${tools.join(', ')}`)
  const [name, key] = found
  return { call: [[name, { [key]: command, description: 'Work on the greeting' }]] }
}

function ask({ tools }: Turn): Reply {
  const question = 'In which language?'
  const options = ['Danish', 'French'].map((label) => ({ label, description: label }))
  if (tools.includes('request_user_input')) {
    const asked = { id: 'language', header: 'Language', question, options }
    return { call: [['request_user_input', { questions: [asked] }]] }
  }
  if (tools.includes('AskUserQuestion')) {
    const asked = { header: 'Language', question, options, multiSelect: false }
    return { call: [['AskUserQuestion', { questions: [asked] }]] }
  }
  const pose = tools.find((name) => name.endsWith('pose_question'))
  if (pose === undefined) throw new Error(`no way to ask among ${tools.join(', ')}`)
  return { call: [[pose, { message: question, options: ['Danish', 'French'] }]] }
}

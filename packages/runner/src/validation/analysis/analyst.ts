// A program of its own: answers one task at a time. open-analysis.ts starts it, and ends it when it takes too long.
import { flushCompileCache } from 'node:module'
import type { Task } from './tasks.ts'

/** Each session starts one, and most ask for secrets alone: what the others need is loaded for them. */
async function analyse(task: Task): Promise<unknown> {
  if (task.type === 'secrets') return await (await import('./find-secrets.ts')).findSecrets(task)
  if (task.type === 'sarif') return (await import('./read-sarif.ts')).readSarif(task)
  return (await import('./find-added-packages.ts')).findAddedPackages(task)
}

async function answer(task: Task): Promise<object> {
  try {
    return { result: await analyse(task) }
  } catch (error) {
    return { failed: String(error) }
  }
}

process.on('message', (task: Task) => {
  void answer(task).then((said) => {
    // It is killed when it is not needed any more, and would keep nothing of what it has compiled.
    flushCompileCache()
    process.send?.(said)
  })
})

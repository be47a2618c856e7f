// A program of its own: answers one task at a time. open-analysis.ts starts it, and ends it when it takes too long.
import { findAddedPackages } from './find-added-packages.ts'
import { findSecrets } from './find-secrets.ts'
import { readSarif } from './read-sarif.ts'
import type { Task } from './tasks.ts'

async function analyse(task: Task): Promise<unknown> {
  if (task.type === 'secrets') return await findSecrets(task)
  return task.type === 'packages' ? findAddedPackages(task) : readSarif(task)
}

async function answer(task: Task): Promise<object> {
  try {
    return { result: await analyse(task) }
  } catch (error) {
    return { failed: String(error) }
  }
}

process.on('message', (task: Task) => {
  void answer(task).then((said) => process.send?.(said))
})

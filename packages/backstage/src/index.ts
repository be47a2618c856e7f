export { createErrandFanOutAction } from './actions/create-fanout.ts'
export { createErrandTaskCreateAction } from './actions/create-task.ts'
export { createErrandTaskWaitAction } from './actions/wait-for-task.ts'
export { errandModule, errandModule as default } from './module.ts'

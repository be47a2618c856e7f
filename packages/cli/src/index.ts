export { main } from './main.ts'
export { createLog, type LogTarget } from './serve/log.ts'
export { type RunningServer, startServer } from './serve/start-server.ts'

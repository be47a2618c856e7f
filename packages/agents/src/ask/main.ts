import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { createAskServer } from './server.ts'

const url = process.env['ERRAND_QUESTIONS_URL']
if (url === undefined) throw new Error('ERRAND_QUESTIONS_URL is not set.')

serveStdio(() => createAskServer(url))

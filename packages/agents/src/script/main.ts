import { homedir } from 'node:os'
import { serveOnStdio } from '../acp/serve.ts'
import { createScriptAgent } from './agent.ts'

serveOnStdio(createScriptAgent({ env: process.env, home: homedir() }))

import { homedir } from 'node:os'
import { serveOnStdio } from '../acp/serve.ts'
import { createCoderAgent } from './agent.ts'

// The library says on stdout, which belongs to ACP, what it thinks of a model's settings.
globalThis.AI_SDK_LOG_WARNINGS = false

serveOnStdio(createCoderAgent({ env: process.env, home: homedir() }))

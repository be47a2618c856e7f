import { homedir } from 'node:os'
import { Readable, Writable } from 'node:stream'
import { ndJsonStream } from '@agentclientprotocol/sdk'
import { createScriptAgent } from './agent.ts'

// node's types know the web streams twice; these are the ones of the ACP library.
const output = Writable.toWeb(process.stdout)
const input = Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>

createScriptAgent({ env: process.env, home: homedir() }).connect(ndJsonStream(output, input))

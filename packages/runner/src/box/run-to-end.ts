import type { BoxedProcess, RunOptions, RunResult, StopReason } from './box.ts'
import { collect } from './collect.ts'

/** Waits for a program that runs in a box, and keeps what it prints. Its output is guarded already. */
export async function runToEnd(
  program: BoxedProcess,
  { timeoutMs, maxOutputBytes, input }: RunOptions,
): Promise<RunResult> {
  let reason: StopReason | undefined
  const timer = setTimeout(() => {
    reason = 'wall_clock'
    program.kill('SIGKILL')
  }, timeoutMs)
  program.stdin.end(input)
  const streams = [program.stdout, program.stderr] as const
  const kept = Promise.all(streams.map((stream) => collect(stream, { keep: maxOutputBytes })))
  const exit = await program.exited
  clearTimeout(timer)
  const [out, err] = (await kept) as [
    Awaited<ReturnType<typeof collect>>,
    Awaited<ReturnType<typeof collect>>,
  ] // of two streams
  return {
    ...exit,
    ...(reason === undefined ? {} : { signal: 'SIGKILL' as const, reason }),
    stdout: out.bytes,
    stderr: err.bytes,
    truncated: out.truncated || err.truncated,
  }
}

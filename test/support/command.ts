/** The command `sailplane` as a shell runs it, from the same compiled folder as this file. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../cmd/sailplane/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly error: string;
}

/** Runs it to its end; never throws for an exit code. */
export function sailplane(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let error = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (error += chunk));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output, error })));
}

/** Its standard output; throws where it fails. */
export async function sailplaneOk(args: readonly string[]): Promise<string> {
  const { code, output, error } = await sailplane(args);
  if (code !== 0) throw new Error(`sailplane ${args.join(' ')}: exit ${code ?? 'by a signal'}: ${error}`);
  return output;
}

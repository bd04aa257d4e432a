/**
 * Holds up every flush to disk of a server, so that a test can see whether it waits for one. Needs strace, which
 * is installed where it is missing; a test that can have it neither way fails, it is not skipped.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { installPackage } from './apt_package.js';

const run = promisify(execFile);

/** A wrapper for TestServer: each fsync and fdatasync takes `delayMs` longer. Keeps the server's process id. */
export async function slowFlushes(delayMs: number): Promise<readonly string[]> {
  await ensureStrace();
  return [
    'strace',
    // The tracer steps aside, so that the process we start and end is the server itself.
    '-D',
    '-f',
    '--seccomp-bpf',
    '-e',
    'trace=fsync,fdatasync',
    '-e',
    `inject=fsync,fdatasync:delay_enter=${delayMs * 1000}`,
    '-o',
    '/dev/null',
  ];
}

async function ensureStrace(): Promise<void> {
  if (await works()) return;
  await installPackage('strace');
  if (!(await works()))
    throw new Error('strace is installed, but may not trace here: this test needs ptrace');
}

async function works(): Promise<boolean> {
  try {
    await run('strace', ['-D', '-f', '--seccomp-bpf', '-e', 'trace=fsync', '-o', '/dev/null', 'true']);
    return true;
  } catch {
    return false;
  }
}

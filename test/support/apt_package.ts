/** Programs that a test needs and that Debian packages: installed where they are missing. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Debian's lock may be held by another installation on the same machine. */
const APT = ['-o', 'DPkg::Lock::Timeout=60', '-y', '-q'];

/** Throws with what to do by hand where it cannot. */
export async function installPackage(name: string): Promise<void> {
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '-n'];
  const apt = async (args: readonly string[]): Promise<void> => {
    const [command = '', ...rest] = [...asRoot, 'apt-get', ...APT, ...args];
    await run(command, rest, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
  };
  try {
    await apt(['install', name]).catch(async () => {
      await apt(['update']);
      await apt(['install', name]);
    });
  } catch (error) {
    throw new Error(`${name} is missing and could not be installed: apt-get install ${name}`, {
      cause: error,
    });
  }
}

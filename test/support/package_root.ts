/** The project's own folder, whatever folder the tests were compiled to. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export function packageRoot(folder: string = import.meta.dirname): string {
  const manifest = join(folder, 'package.json');
  if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "sailplane"')) return folder;
  if (dirname(folder) === folder) throw new Error('not inside the sailplane package');
  return packageRoot(dirname(folder));
}

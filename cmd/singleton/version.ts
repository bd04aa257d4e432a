/** The version of this program, from the package that it is part of. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The compiled file lies some folders below the package. */
export function readVersion(): string {
  for (let folder = import.meta.dirname; folder !== dirname(folder); folder = dirname(folder)) {
    const path = join(folder, 'package.json');
    if (!existsSync(path)) continue;
    const manifest: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (
      typeof manifest !== 'object' ||
      manifest === null ||
      !('name' in manifest) ||
      !('version' in manifest)
    )
      continue;
    if (manifest.name === 'sailplane') return String(manifest.version);
  }
  throw new Error('the package of this program was not found');
}

/**
 * A real browser for tests: Debian's Chromium, installed where it is missing, driven without a window. A test that
 * can have it neither way fails, it is not skipped.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { chromium, type Browser } from 'playwright-core';
import { installPackage } from './apt_package.js';
import type { Scope } from './server.js';

const run = promisify(execFile);
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** It ends with its test. */
export async function startBrowser(scope: Scope): Promise<Browser> {
  let executablePath = await findBrowser();
  if (executablePath === undefined) {
    await installPackage('chromium');
    executablePath = await findBrowser();
  }
  if (executablePath === undefined) throw new Error('chromium is installed and yet not found');
  // Its sandbox needs rights that a container's root has not; the pages are our own.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  scope.after(() => browser.close());
  return browser;
}

async function findBrowser(): Promise<string | undefined> {
  for (const name of NAMES) {
    const { stdout } = await run('which', [name]).catch(() => ({ stdout: '' }));
    if (stdout.trim() !== '') return stdout.trim();
  }
  return undefined;
}

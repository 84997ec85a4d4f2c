import { existsSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { chromium } from 'playwright-core';
import { run } from '../tools/run.ts';

const program = '/usr/bin/chromium';
const installMs = 300_000;

/** A real browser, that of Debian's package. Where it is missing it is installed, as root. */
export async function startBrowser(): Promise<Browser> {
  if (!existsSync(program)) await install();
  return chromium.launch({
    executablePath: program,
    // Its own sandbox refuses to run as root, which these tests are; it sees only pages of ours.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ['--disable-gpu', '--disable-dev-shm-usage'],
  });
}

async function install(): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => run('apt-get', args, { env, timeoutMs: installMs });
  const packages = ['install', '-y', '--no-install-recommends', 'chromium'];
  const first = await apt(...packages);
  if (first.kind !== 'exit' || first.code !== 0) {
    await apt('update');
    await apt(...packages);
  }
  if (existsSync(program)) return;
  throw new Error(
    `${program} is missing, and could not be installed. On Debian, as root: apt-get install -y --no-install-recommends chromium`,
  );
}

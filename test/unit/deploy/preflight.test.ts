import { afterEach, expect, test, vi } from 'vitest';
import { command } from '../../../deploy/image/command.ts';
import { need } from '../../../deploy/image/preflight.ts';

afterEach(() => vi.unstubAllEnvs());

test('names what is missing, and the command that installs it', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  const said: string[] = [];
  const needed = need(['umoci', 'qemu-aarch64-static'], (line) => said.push(line), false);
  await expect(needed).rejects.toMatchObject({
    code: 'ToolsMissing',
    message:
      'missing: umoci, qemu-aarch64-static. On Debian: apt-get install -y --no-install-recommends umoci qemu-user-static',
  });
  expect(said).toEqual([]);
});

test('says where root has no apt-get the same', async () => {
  vi.stubEnv('PATH', '/nonexistent');
  await expect(need(['umoci'], () => undefined, true)).rejects.toMatchObject({ code: 'ToolsMissing' });
});

test('a program that is not there, or fails, is an error with what it said', async () => {
  await expect(command('/nonexistent/program', [])).rejects.toMatchObject({ code: 'CommandFailed' });
  await expect(command('ls', ['/nonexistent'])).rejects.toThrow(/exit 2\n.*nonexistent/);
});

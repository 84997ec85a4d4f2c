/** The image of the story's pods, made here: nothing is pulled. It is the pause image as well. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packTar } from 'modern-tar';
import { ToolError } from '../tools/error.ts';
import { buildFlags, goEnvironment, platform } from '../tools/go.ts';
import { run } from '../tools/run.ts';

export const imageName = 'localhost/app:1';
const buildTimeoutMs = 300_000;

/** Builds the static program of app/ into a directory; gives its path. */
export async function buildApp(directory: string): Promise<string> {
  const file = join(directory, 'app');
  const built = await run('go', ['build', ...buildFlags, '-ldflags', '-s -w', '-o', file, '.'], {
    cwd: join(import.meta.dirname, 'app'),
    env: goEnvironment(),
    timeoutMs: buildTimeoutMs,
  });
  if (built.kind !== 'exit' || built.code !== 0)
    throw new ToolError(`the pods' program could not be built: ${built.stderr.trim() || built.kind}`);
  return file;
}

const text = (name: string, body: string) => ({
  header: { name, size: Buffer.byteLength(body), mode: 0o644, type: 'file' as const },
  body,
});

/** A docker-archive (manifest.json, configuration, one layer), as `ctr images import` reads it. */
export async function imageArchive(app: string): Promise<Uint8Array> {
  const program = readFileSync(app);
  const layer = await packTar([
    { header: { name: 'app', size: program.length, mode: 0o755, type: 'file' }, body: program },
  ]);
  const config = JSON.stringify({
    architecture: platform.GOARCH,
    os: platform.GOOS,
    config: { Entrypoint: ['/app'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(layer).digest('hex')}`] },
  });
  const manifest = JSON.stringify([{ Config: 'config.json', RepoTags: [imageName], Layers: ['layer.tar'] }]);
  return packTar([
    text('manifest.json', manifest),
    text('config.json', config),
    { header: { name: 'layer.tar', size: layer.length, mode: 0o644, type: 'file' }, body: layer },
  ]);
}

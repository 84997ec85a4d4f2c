import { readFileSync } from 'node:fs';

const guide = new URL('../../deploy/README.md', import.meta.url);

/**
 * The blocks of a section of deploy/README.md, so that a test runs what the guide says and not a copy of it.
 * @param heading text of the section's heading, of any level
 * @param language of the fence
 */
export function guideBlocks(heading: string, language: 'sh' | 'yaml'): string[] {
  const lines = readFileSync(guide, 'utf8').split('\n');
  const start = lines.findIndex((line) => /^##+ /.test(line) && line.replace(/^##+ /, '') === heading);
  if (start === -1) throw new Error(`deploy/README.md has no section ${heading}`);
  const length = lines.slice(start + 1).findIndex((line) => /^##+ /.test(line));
  const section = lines.slice(start + 1, length === -1 ? undefined : start + 1 + length).join('\n');
  const fences = section.matchAll(/^( *)```([a-z]+)\n([\s\S]*?)^ *```$/gm);
  const blocks = [...fences]
    .filter(([, , kind]) => kind === language)
    .map(([, indent = '', , text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), '').trimEnd());
  if (blocks.length === 0) throw new Error(`section ${heading} of deploy/README.md has no ${language} block`);
  return blocks;
}

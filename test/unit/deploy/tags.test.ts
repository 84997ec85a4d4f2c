import { expect, test } from 'vitest';
import { tagsOf } from '../../../deploy/image/tags.ts';

test.each<[string, string[], string[]]>([
  ['1.2.3', [], ['1.2.3', '1.2', '1', 'latest']],
  ['0.1.0', [], ['0.1.0', '0.1', 'latest']],
  ['1.2.3', ['1.2.3', '1.2', '1', 'latest'], ['1.2.3', '1.2', '1', 'latest']],
  ['1.2.3', ['1.2.4'], ['1.2.3']],
  ['1.2.4', ['1.2.3', '1.3.0'], ['1.2.4', '1.2']],
  ['1.2.4', ['1.2.3', '2.0.0'], ['1.2.4', '1.2', '1']],
  ['1.2.10', ['1.2.9'], ['1.2.10', '1.2', '1', 'latest']],
  ['2.0.0', ['1.9.9', '2.0.0-rc.1'], ['2.0.0', '2.0', '2', 'latest']],
  ['2.0.0-rc.1', ['1.9.9'], ['2.0.0-rc.1']],
  ['1.2.3', ['sha256-9f86', 'v9.9.9', 'latest', '1'], ['1.2.3', '1.2', '1', 'latest']],
])('%s beside %j', (version, existing, tags) => {
  expect(tagsOf(version, existing)).toEqual(tags);
});

test.each(['1.2', 'v1.2.3', '1.2.3+build', '01.2.3', ''])('%j is no version', (version) => {
  expect(() => tagsOf(version, [])).toThrow(expect.objectContaining({ code: 'VersionInvalid' }));
});

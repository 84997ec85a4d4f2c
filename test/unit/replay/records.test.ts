import { expect, test } from 'vitest';
import { RecordSplitter } from '../../../src/replay/records.ts';

const max = 32;

/** Records as `LINE:TEXT`, whatever the chunks; what is too long has no text. */
function split(text: string, chunk: number): string[] {
  const splitter = new RecordSplitter(max);
  const bytes = Buffer.from(text);
  const found = [];
  for (let at = 0; at < bytes.length; at += chunk)
    found.push(...splitter.push(bytes.subarray(at, at + chunk)));
  found.push(...splitter.end());
  return found.map(
    (record) =>
      `${String(record.line)}:${record.bytes === undefined ? '?' : Buffer.from(record.bytes).toString()}`,
  );
}

test.each([
  ['nothing', '', []],
  ['lines', '{"a":1}\n{"b":2}\n', ['1:{"a":1}', '2:{"b":2}']],
  ['a last line without an end', '{"a":1}\n{"b"', ['1:{"a":1}', '2:{"b"']],
  ['blank lines, and lines of Windows', '\n\n{"a":1}\r\n  \n{}', ['3:{"a":1}\r', '5:{}']],
  ['an array', '[{"a":1},{"b":2}]', ['1:{"a":1}', '1:{"b":2}']],
  ['an array over lines', '[\n  {"a":\n1},\n  {"b":2}\n]\n', ['2:{"a":\n1}', '4:{"b":2}']],
  [
    'arrays one after the other, and lines',
    '[{"a":1}]\n[{"b":2}]{"c":3}\n[]\n{}',
    ['1:{"a":1}', '2:{"b":2}', '2:{"c":3}', '4:{}'],
  ],
  ['braces and quotes in texts', '[{"a":"}\\"]{"},{"b":"\\\\"}]', ['1:{"a":"}\\"]{"}', '1:{"b":"\\\\"}']],
  ['objects in objects', '[{"a":{"b":{}}},{}]', ['1:{"a":{"b":{}}}', '1:{}']],
  ['a line that begins with a bracket', '[INFO] hello\n{}', ['1:[INFO] hello', '2:{}']],
  ['a bracket at the end', '{}\n[', ['1:{}', '2:[']],
  ['an array that holds something else', '[{"a":1}, 7]\n{}', ['1:{"a":1}', '1:7]', '2:{}']],
  ['an array that is cut off', '[{"a":1},{"b":', ['1:{"a":1}', '1:{"b":']],
  ['a line that is too long', `{"a":"${'x'.repeat(max)}"}\n{"b":2}\n`, ['1:?', '2:{"b":2}']],
  ['an element that is too long', `[{"a":"${'x'.repeat(max)}"},{"b":2}]`, ['1:?', '1:{"b":2}']],
])('takes %s, in whatever chunks it comes', (_, text, expected) => {
  for (const chunk of [1, 2, 7, 1000]) expect(split(text, chunk)).toEqual(expected);
});

test('keeps nothing of a record that is too long', () => {
  const splitter = new RecordSplitter(max);
  const chunk = Buffer.alloc(1024 * 1024, 'x');
  const before = process.memoryUsage().arrayBuffers;
  for (let times = 0; times < 1000; times += 1) expect(splitter.push(chunk)).toEqual([]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 1024 * 1024);
  expect(splitter.end()).toEqual([{ bytes: undefined, line: 1 }]);
});

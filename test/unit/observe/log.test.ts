import { expect, test } from 'vitest';
import { createLogger } from '../../../src/observe/log.ts';

function logged(level: string, write: (log: ReturnType<typeof createLogger>) => void): string {
  let text = '';
  write(createLogger(level, { write: (line) => (text += line) }));
  return text;
}

test('one JSON object a line, with the level as a word', () => {
  const text = logged('info', (log) => log.info({ csr: 'a\u001B[31m\nb' }, 'decided'));
  expect(text).toMatch(/^[\u0020-\u007E]+\n$/);
  expect(JSON.parse(text)).toMatchObject({ level: 'info', csr: 'a\u001B[31m\nb', msg: 'decided' });
});

test.each([
  ['debug', 2],
  ['info', 1],
  ['warn', 0],
])('level %s', (level, lines) => {
  const text = logged(level, (log) => {
    log.debug('a');
    log.info('b');
  });
  expect(text.split('\n').filter(Boolean)).toHaveLength(lines);
});

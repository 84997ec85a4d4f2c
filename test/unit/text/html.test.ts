import { expect, test } from 'vitest';
import { html, trusted } from '../../../src/text/html.ts';

test('what is put in is text, in elements and in attributes', () => {
  const hostile = `"><img src=x onerror='alert(1)'>&amp;`;
  expect(html`<a title="${hostile}">${hostile}</a>`.toString()).toBe(
    '<a title="&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;">' +
      '&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&amp;amp;</a>',
  );
});

test('markup stays markup, also in lists', () => {
  const rows = ['<1>', '2'].map((text) => html`<li>${text}</li>`);
  expect(html`${rows}`.toString()).toBe('<li>&lt;1&gt;</li><li>2</li>');
});

test.each([
  [undefined, ''],
  [false as const, ''],
  [0, '0'],
  ['', ''],
  [['<', ['>']], '&lt;&gt;'],
  [trusted('<br>'), '<br>'],
])('%j is %j', (piece, shown) => {
  expect(html`${piece}`.toString()).toBe(shown);
});

test('an object that only looks like markup is none', () => {
  const forged = { toString: () => '<script>' } as unknown as string;
  expect(() => html`${forged}`.toString()).toThrow(TypeError);
});

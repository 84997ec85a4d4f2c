import { describe, expect, test } from 'vitest';
import { parseOverlay } from '../../../src/bundle/overlay-file.ts';
import { applyOverlays } from '../../../src/bundle/overlay.ts';

const data = {
  csr: {
    x: {
      config: {
        names: ['a'],
        pools: { one: { cidr: '10.0.0.0/8' } },
        most: 5,
        share: 0.5,
        strict: true,
        word: 'w',
        none: null,
      },
    },
    z: { config: { most: 1 }, other: { most: 2 } },
  },
};
const knobs = ['csr.x.config', 'csr.z.config'];
const read = (text: string, file = 'knobs.yaml') => parseOverlay(new TextEncoder().encode(text), file);
const apply = (...texts: string[]) =>
  applyOverlays(
    data,
    knobs,
    texts.map((text, index) => read(text, `${String(index)}.yaml`)),
  );

test('what is set is replaced as a whole, and nothing else', () => {
  const before = structuredClone(data);
  const after = apply('csr: {x: {config: {pools: {two: {}}, names: []}}, z: {config: {most: 7}}}', '{}');
  expect(after).toEqual({
    csr: {
      x: { config: { ...data.csr.x.config, pools: { two: {} }, names: [] } },
      z: { config: { most: 7 }, other: { most: 2 } },
    },
  });
  expect(data).toEqual(before);
});

test('several files set different knobs', () => {
  const after = apply('csr: {x: {config: {most: 6}}}', 'csr: {x: {config: {strict: false}}}');
  expect(after).toMatchObject({ csr: { x: { config: { most: 6, strict: false, names: ['a'] } } } });
});

test('a whole number will do for a number with a fraction', () => {
  expect(apply('csr: {x: {config: {share: 1}}}')).toMatchObject({ csr: { x: { config: { share: 1 } } } });
});

const refused: readonly (readonly [name: string, text: string, code: string, message: RegExp])[] = [
  [
    'a knob that there is not',
    'csr:\n  x:\n    config:\n      nmaes: []',
    'OverlayPathUnknown',
    /^0\.yaml:4: csr\.x\.config\.nmaes: no such knob; there are most, names, none, pools, share, strict, word$/,
  ],
  [
    'a path beside the knobs',
    'csr: {z: {other: {most: 3}}}',
    'OverlayPathUnknown',
    /^0\.yaml:1: csr\.z\.other: no such knob: .*csr\.x\.config, csr\.z\.config/,
  ],
  [
    'a path above the knobs',
    'csr: {x: 1}',
    'OverlayPathUnknown',
    /csr\.x: stops above the knobs: .*csr\.x\.config$/,
  ],
  ['all knobs at once', 'csr: {x: {config: []}}', 'OverlayPathUnknown', /csr\.x\.config: stops above/],
  ['null for an object of knobs', 'csr: {x: }', 'OverlayPathUnknown', /csr\.x: stops above/],
  [
    'a path in one key',
    'csr.x.config.most: 3',
    'OverlayPathUnknown',
    /csr\.x\.config\.most: .*a key for each word/,
  ],
  ['another top', 'data: {csr: {x: {config: {most: 3}}}}', 'OverlayPathUnknown', /^0\.yaml:1: data: /],
  ['the floor', 'csr: {floor: {pass: true}}', 'OverlayPathUnknown', /csr\.floor: no such knob/],
  [
    'what every object has in JavaScript',
    'csr: {x: {config: {constructor: 1}}}',
    'OverlayPathUnknown',
    /constructor: no such knob/,
  ],
  [
    'deeper than a knob that is no object',
    'csr: {x: {config: {names: {0: b}}}}',
    'OverlayUnreadable',
    /a key is a text/,
  ],
  [
    'an object for a list',
    'csr: {x: {config: {names: {"0": b}}}}',
    'OverlayTypeWrong',
    /csr\.x\.config\.names: is of type object, and the bundle's own value of type list; an overlay replaces the whole knob/,
  ],
  ['a list for an object', 'csr: {x: {config: {pools: []}}}', 'OverlayTypeWrong', /type list/],
  ['a text for a number', 'csr: {x: {config: {most: "5"}}}', 'OverlayTypeWrong', /type string/],
  [
    'a fraction for a whole number',
    'csr: {x: {config: {most: 5.5}}}',
    'OverlayTypeWrong',
    /type number, .* whole number/,
  ],
  ['a number for a switch', 'csr: {x: {config: {strict: 1}}}', 'OverlayTypeWrong', /boolean/],
  ['null for a text', 'csr: {x: {config: {word: }}}', 'OverlayTypeWrong', /type null/],
  ['a text for null', 'csr: {x: {config: {none: a}}}', 'OverlayTypeWrong', /of type null;/],
];

describe('is refused, with file, line and path', () => {
  test.each(refused)('%s', (_, text, code, message) => {
    expect(() => apply(text)).toThrow(expect.objectContaining({ name: 'PolicyError', code }));
    expect(() => apply(text)).toThrow(message);
  });

  test('one path in two files, even where they agree', () => {
    const text = 'csr:\n  x:\n    config:\n      most: 6';
    expect(() => apply(text, text)).toThrow(
      expect.objectContaining({
        code: 'OverlayConflict',
        message: '1.yaml:4: csr.x.config.most: is set at 0.yaml:4 already: leave one of them out',
      }),
    );
  });

  test('whatever it is, where the bundle names no knobs, or has none there', () => {
    const overlay = read('csr: {x: {config: {most: 6}}}');
    expect(() => applyOverlays(data, [], [overlay])).toThrow(/has no knobs: .*custom\.knobs/);
    expect(() => applyOverlays({}, knobs, [overlay])).toThrow(/csr\.x\.config\.most: .*no data there/);
  });

  test('a name that is made to deceive is shown escaped', () => {
    const overlay = read('csr: {x: {config: {"a\\u001b[2K\\nb": 6}}}', 'a\nb.yaml');
    expect(() => applyOverlays(data, knobs, [overlay])).toThrow(
      String.raw`a\u{a}b.yaml:1: csr.x.config.a\u{1b}[2K\u{a}b: no such knob`,
    );
  });
});

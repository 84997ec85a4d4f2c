import { describe, expect, test } from 'vitest';
import { isLabelKey, isLabelValue, isNamespace, isObjectName, isSubdomain } from '../../../src/text/names.ts';

const a = (length: number) => 'a'.repeat(length);

/** What is one, and what is none. */
const rows: [string, (text: string) => boolean, string[], string[]][] = [
  [
    'a subdomain',
    isSubdomain,
    ['n1', 'n1.eu.example.com', '1', a(253)],
    ['', 'N1', 'n_1', '-n', 'n-', 'n..1', '.', 'n1\n', 'é', a(254), '../x'],
  ],
  [
    'the name of an object',
    isObjectName,
    ['n1', 'system:node:n1', 'fd00::1', 'N_1', '...', a(253)],
    ['', '.', '..', 'a/b', '../x', 'a%2fb', 'a b', 'a\n', 'é', '\u{0}', a(254)],
  ],
  ['a namespace', isNamespace, ['kube-system', a(63)], ['', 'a.b', 'A', '-a', a(64), 'a/b']],
  [
    'the value of a label',
    isLabelValue,
    ['', 'n1', 'N_1.x-2', a(63)],
    ['-a', 'a-', 'a b', 'a,b', 'a=b', 'a/b', 'é', 'a\n', a(64)],
  ],
  [
    'the name of a label',
    isLabelKey,
    ['app', 'cluster.x-k8s.io/cluster-name', a(63)],
    ['', '/', 'a/', '/a', 'a/b/c', 'A.b/c d', 'a,b', 'a=b', '!a', a(64)],
  ],
];

describe.each(rows)('%s', (_, is, yes, no) => {
  test.each(yes)('%j is', (text) => expect(is(text)).toBe(true));
  test.each(no)('%j is not', (text) => expect(is(text)).toBe(false));
});

import { expect, test } from 'vitest';
import { all, seen, unseen } from '../../../src/doctor/seen.ts';

test('all of what was seen is seen', () => {
  expect(all(seen(1), seen('b'))).toEqual(seen([1, 'b']));
});

test('one that was not is the reason', () => {
  expect(all(seen(1), unseen('forbidden', 'list nodes'))).toEqual(unseen('forbidden', 'list nodes'));
});

test('of several each permission is named, and once what they have in common', () => {
  const both = all(unseen('forbidden', 'list nodes'), seen(1), unseen('forbidden', 'list pods'));
  expect(both).toEqual(unseen('forbidden', 'list nodes and list pods'));
});

test('a permission is not made of one that helps and one that is none', () => {
  expect(all(unseen('slow'), unseen('forbidden', 'list pods'))).toEqual(
    unseen('slow; forbidden', 'list pods'),
  );
});

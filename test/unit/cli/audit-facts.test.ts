import { afterEach, beforeEach, expect, test } from 'vitest';
import { requestsOf } from '../../../src/cli/audit-facts.ts';
import { json, TestServer } from '../kube/http-server.ts';

/** Requests are listed for as long as they are judged, which may be longer than a list lasts. */

let server: TestServer;
beforeEach(async () => {
  server = await TestServer.start();
});
afterEach(() => server.stop());

const item = (uid: string) => ({ metadata: { name: uid, uid, resourceVersion: '1' } });
const expired = {
  kind: 'Status',
  code: 410,
  reason: 'Expired',
  message: 'the continue parameter is too old',
};

/** A list of single items, of which each page may be refused. */
function lists(items: () => readonly string[], isRefused: (place: number) => boolean): void {
  server.handle = ({ url = '' }, response) => {
    const place = Number(new URL(url, server.url).searchParams.get('continue') ?? 0);
    if (isRefused(place)) json(response, 410, expired);
    else {
      const all = items();
      const next = place + 1 < all.length ? String(place + 1) : '';
      json(response, 200, {
        metadata: { resourceVersion: '1', continue: next },
        items: [item(all[place] ?? '')],
      });
    }
  };
}

async function read(): Promise<string[]> {
  const names: string[] = [];
  for await (const page of requestsOf(server.client(), 's')) {
    for (const one of page) names.push((one as ReturnType<typeof item>).metadata.uid);
  }
  return names;
}

test('a list that expires is begun anew, and each request comes once', async () => {
  let refusals = 0;
  let all = ['a', 'b', 'c'];
  lists(
    () => all,
    (place) => {
      if (place !== 2 || refusals > 0) return false;
      refusals += 1;
      // Two came in the meantime, one went.
      all = ['0', 'b', 'c', 'd'];
      return true;
    },
  );
  expect(await read()).toEqual(['a', 'b', '0', 'c', 'd']);
});

test('one that expires again and again is not begun for ever', async () => {
  lists(
    () => ['a', 'b'],
    (place) => place === 1,
  );
  await expect(read()).rejects.toMatchObject({ status: 410 });
  expect(server.seen).toHaveLength(40);
});

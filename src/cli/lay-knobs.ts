import { isMap, isScalar, parseDocument, type YAMLMap } from 'yaml';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

/**
 * The default policy's data file with an overlay's knobs in the place of its own. A bundle's data must be whole, since
 * opa lets no two files set one path; the comments of both files stay.
 * @param folder of the data file, below the bundle's root, such as `csr/kubelet_serving`
 */
export function layKnobs(data: Uint8Array, overlay: Uint8Array, folder: string): Uint8Array {
  const whole = parseDocument(decode(data));
  const config = whole.get('config', true);
  const changed = parseDocument(decode(overlay)).getIn([...folder.split('/'), 'config'], true);
  if (!isMap(config) || !isMap(changed)) return data;
  for (const [index, { key, value }] of changed.items.entries()) {
    const pair = config.items.find((one) => String(one.key) === String(key));
    if (pair === undefined) throw new TypeError(`the default policy has no knob ${String(key)}`);
    pair.value = value;
    const note = isScalar(key)
      ? (key.commentBefore ?? (index === 0 ? changed.commentBefore : undefined))
      : undefined;
    if (note !== null && note !== undefined) comment(config, pair.key, note);
  }
  return encode(whole.toString({ lineWidth: 0, flowCollectionPadding: false }));
}

/** Below what is there. The comment of a map's first key is the map's. */
function comment(config: YAMLMap, key: unknown, note: string): void {
  const first = config.items[0]?.key === key;
  const place = first ? config : isScalar(key) ? key : undefined;
  if (place === undefined) return;
  const own = place.commentBefore ?? undefined;
  place.commentBefore = own === undefined ? note : `${own}\n\n${note}`;
}

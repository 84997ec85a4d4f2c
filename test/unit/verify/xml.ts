/** One element of an XML text. */
export interface Element {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Element[];
  text: string;
}

const token =
  /<!\[CDATA\[([^]*?)\]\]>|<(\/?)([A-Za-z][\w.-]*)((?:\s+[A-Za-z][\w.-]*="[^"<]*")*)\s*(\/?)>|([^<]+)/y;

/** Characters that XML 1.0 section 2.2 leaves out. */
// oxlint-disable-next-line no-control-regex
const illegal = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udfff](?![\udc00-\udfff])/;

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };

/** Reads well-formed XML without a DTD; anything else throws. */
export function parseXML(text: string): Element {
  const body = text.replace(/^<\?xml version="1\.0" encoding="UTF-8"\?>\s*/, '');
  if (illegal.test(body)) throw new Error('an illegal character');
  const root: Element = { name: '', attributes: {}, children: [], text: '' };
  const open = [root];
  token.lastIndex = 0;
  while (token.lastIndex < body.length) {
    const at = token.lastIndex;
    const [whole, cdata, end, name, attributes = '', empty, plain] = token.exec(body) ?? [];
    if (whole === undefined) throw new Error(`not well-formed: ${body.slice(at, at + 80)}`);
    const top = open.at(-1) ?? root;
    if (cdata !== undefined) top.text += cdata;
    else if (plain !== undefined) top.text += decoded(plain);
    else if (end === '/') {
      if (top.name !== name || open.length === 1) throw new Error(`</${String(name)}> closes ${top.name}`);
      open.pop();
    } else {
      const element: Element = { name: name ?? '', attributes: read(attributes), children: [], text: '' };
      top.children.push(element);
      if (empty !== '/') open.push(element);
    }
  }
  const [only, ...more] = root.children;
  if (only === undefined || more.length > 0 || open.length > 1) throw new Error('not one whole element');
  return only;
}

function read(attributes: string): Record<string, string> {
  const pairs = [...attributes.matchAll(/([A-Za-z][\w.-]*)="([^"<]*)"/g)];
  const found = Object.fromEntries(pairs.map(([, name = '', value = '']) => [name, decoded(value)]));
  if (Object.keys(found).length < pairs.length) throw new Error('an attribute is there twice');
  return found;
}

function decoded(text: string): string {
  return text.replaceAll(/&(?:#x([0-9A-Fa-f]+);|([a-z]+);)?/g, (whole, hex?: string, name?: string) => {
    const value = hex === undefined ? entities[name ?? ''] : String.fromCodePoint(Number.parseInt(hex, 16));
    if (value === undefined) throw new Error(`${whole} is no entity`);
    return value;
  });
}

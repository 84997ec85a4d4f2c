import { escapeText } from '../../text/escape.ts';
import { fault, ok, unknown, type Check } from '../finding.ts';
import { inOverlay, notReserved } from '../reserve.ts';
import { all } from '../seen.ts';
import { holdersOf, identityOf } from '../server-identity.ts';
import { command } from '../shell.ts';
import { unreserved } from '../unreserved.ts';
import { listed } from '../words.ts';

export const serverNames: Check = {
  name: 'ServerNames',
  group: 'Reserved names',
  asks: 'Are all names and addresses of the API server kept from nodes?',
  faults: {
    ServerNamesNotReserved: {
      severity: 'warning',
      why: 'Clients take whoever has a certificate for such a name for the API server. A node that lists it in its status, and that no other Node lists, would get one.',
      mend: inOverlay,
    },
    ServerNameOfWorker: {
      severity: 'error',
      why: 'A Node without the control-plane label lists a name or an address of the API server: it is a control-plane node that lacks the label, or wants to be taken for the API server.',
      mend: 'Label the Node only if it is a control-plane node; if it is not, treat it as compromised, and reserve the name.',
    },
  },
  run: (snapshot) => {
    const { cluster, nodes, serving, config } = snapshot;
    const parts = all(nodes, config, serving, cluster);
    if ('unseen' in parts) return [unknown(parts.unseen)];
    const [list, configured, certificate] = parts.value;
    const workers = holdersOf(list, identityOf(snapshot)).workers.map(({ node, text }) =>
      fault('ServerNameOfWorker', `Node ${escapeText(node)} lists ${escapeText(text)}`, [
        command('kubectl', 'label', 'node', '--', node, 'node-role.kubernetes.io/control-plane='),
      ]),
    );
    const { apiNames, apiAddresses } = unreserved(snapshot);
    const texts = [...apiNames, ...apiAddresses];
    const open =
      texts.length === 0
        ? []
        : [
            notReserved(
              'ServerNamesNotReserved',
              `the API server answers to ${listed(texts)}`,
              configured,
              snapshot,
            ),
          ];
    if (workers.length + open.length > 0) return [...workers, ...open];
    const total = String(certificate.dns.length + certificate.ip.length);
    return [
      ok(`all ${total} names and addresses of its certificate are reserved, or of control-plane nodes`),
    ];
  },
};

#!/usr/bin/env node
// The program itself does not even parse on an old Node: say so, before it is loaded.
const [major = '0'] = process.versions.node.split('.');
if (Number(major) < 24) {
  process.stderr.write(
    `error: NodeTooOld: this is Node.js ${process.versions.node}; rego-csr-approver needs 24 or later\n`,
  );
  process.exitCode = 2;
} else {
  await import('./rego-csr-approver.mjs');
}

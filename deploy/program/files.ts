/** What the bundled program is made of, below dist/: the image and the npm package have these, side by side. */
export const programFiles = [
  'default.tar.gz',
  'rego-csr-approver-tracing.mjs',
  'rego-csr-approver-worker.mjs',
  'rego-csr-approver.mjs',
  'template.tar.gz',
] as const;

/** OPA's compiler, for `build`: in the npm package only. A controller builds nothing. */
export const compilerFiles = ['opa-compiler.mjs', 'opa-compiler.wasm.br'] as const;

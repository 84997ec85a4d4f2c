// The part of the WebAssembly JavaScript interface that the engine uses. TypeScript ships it only with the
// browser's library, whose other globals do not exist here.
declare namespace WebAssembly {
  interface ModuleDescriptor {
    readonly name: string;
    readonly kind: string;
  }
  // oxlint-disable-next-line typescript/no-extraneous-class -- that is what the interface is like
  class Module {
    static exports(module: Module): ModuleDescriptor[];
    static imports(module: Module): (ModuleDescriptor & { readonly module: string })[];
  }
  class Memory {
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function compile(bytes: Uint8Array): Promise<Module>;
}

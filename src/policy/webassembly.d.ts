// The part of the WebAssembly JavaScript interface that the engine and its tests use. TypeScript ships it only with the
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
    constructor(descriptor: { readonly initial: number; readonly maximum?: number });
    readonly buffer: ArrayBuffer;
  }
  class Instance {
    constructor(module: Module, imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>);
    readonly exports: Readonly<Record<string, unknown>>;
  }
  function instantiate(
    bytes: Uint8Array,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ): Promise<{ readonly module: Module; readonly instance: Instance }>;
  function instantiate(
    module: Module,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ): Promise<Instance>;
  function compile(bytes: Uint8Array): Promise<Module>;
}

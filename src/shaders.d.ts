// Shaders are imported as text; wgsl-preprocessor ships no types.
declare module "*.wgsl?raw" {
  const source: string;
  export default source;
}

declare module "wgsl-preprocessor/wgsl-preprocessor.js" {
  export function wgsl(strings: TemplateStringsArray | readonly string[], ...values: unknown[]): string;
}

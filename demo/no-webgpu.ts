// Whether a page finds a GPU, and if not, why, in words for its visitors.

export function whyNoWebGpu(): string {
  if (!isSecureContext) return "Browsers offer WebGPU only to pages that come over https or from localhost.";
  if (!navigator.gpu) return "This browser has no WebGPU.";
  return "This browser has WebGPU, but found no graphics adapter to compute with.";
}

/** The browser's adapter, if it has one: some browsers refuse where others answer null. */
export async function findAdapter(): Promise<GPUAdapter | null> {
  return (await navigator.gpu?.requestAdapter().catch(() => null)) ?? null;
}

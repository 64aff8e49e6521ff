import { describe, expect, test } from "vitest";
import { type NodeGpu, openNodeGpu } from "../../demo/terminal/node-gpu";
import { Network, openGpu } from "../../src/index";

/** WebGPU whose devices are refused by `refuses`; what was asked of them. */
async function refusing(refuses: (asked: GPUDeviceDescriptor) => boolean, node: NodeGpu) {
  const asked: GPUDeviceDescriptor[] = [];
  const gpu = {
    async requestAdapter(options: GPURequestAdapterOptions) {
      const adapter = (await node.gpu.requestAdapter(options))!;
      let consumed = false;
      return {
        info: adapter.info,
        limits: adapter.limits,
        features: adapter.features,
        async requestDevice(descriptor: GPUDeviceDescriptor = {}) {
          asked.push(descriptor);
          if (consumed) throw new DOMException("the adapter is consumed", "InvalidStateError");
          consumed = true;
          if (refuses(descriptor)) throw new DOMException("a limit is not supported", "OperationError");
          return adapter.requestDevice(descriptor);
        },
      };
    },
  };
  return { gpu: gpu as unknown as GPU, asked };
}

describe("opening a GPU", () => {
  test.each([
    ["limits that it reports", ({ requiredLimits }: GPUDeviceDescriptor) => requiredLimits !== undefined, 2],
    ["features that it reports", ({ requiredFeatures }: GPUDeviceDescriptor) => requiredFeatures !== undefined, 3],
    ["both", (asked: GPUDeviceDescriptor) => !!asked.requiredLimits || !!asked.requiredFeatures, 4],
    ["nothing", () => false, 1],
  ] as const)("goes without what an adapter refuses of %s", async (_, refuses, tries) => {
    const node = await openNodeGpu();
    const { gpu: source, asked } = await refusing(refuses, node);
    const gpu = await openGpu({ gpu: source });
    expect(asked.length).toBe(tries);
    const { requiredLimits, requiredFeatures } = asked.at(-1)!;
    const { maxStorageBufferBindingSize } = gpu.device.limits;
    const usual = {
      maxBufferSize: 2 ** 28,
      maxStorageBufferBindingSize: 2 ** 27,
      maxComputeInvocationsPerWorkgroup: 256,
    };
    for (const [name, limit] of Object.entries(requiredLimits ?? usual)) {
      expect(gpu.device.limits[name as keyof typeof usual], name).toBe(limit);
    }
    for (const feature of requiredFeatures ?? []) expect(gpu.device.features.has(feature)).toBe(true);
    const network = await Network.create(gpu, {
      ...{ cell: "lstm", inputs: 3, hidden: 4, outputs: 2, input: "tokens", readout: "last-step" },
    });
    expect([...(await network.read()).values()].every(({ data }) => data.every(Number.isFinite))).toBe(true);
    await expect(network.pass({ steps: 1e6, batch: 100 })).rejects.toThrow(
      `this device allows ${maxStorageBufferBindingSize}`,
    );
    gpu.destroy();
    node.close();
  });

  test("says why where an adapter gives no device at all", async () => {
    const node = await openNodeGpu();
    const { gpu } = await refusing(() => true, node);
    await expect(openGpu({ gpu })).rejects.toThrow(
      "openGpu: the adapter gives no device (a limit is not supported), not even the least; update",
    );
    node.close();
  });
});

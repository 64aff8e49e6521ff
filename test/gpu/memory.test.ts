// A device with little memory: real but for its size, which is told as WebGPU has it, to the scope that waits for it.
import { describe, expect, test } from "vitest";
import {
  type Gpu,
  Network,
  openGpu,
  readTensors,
  sgd,
  TempogradError,
  Trainer,
  type UniformOptions,
} from "../../src/index";
import { useGpu } from "../workbench";

const gpu = useGpu();

interface Small {
  readonly gpu: Gpu;
  /** Bytes that there are; beyond them, buffers are invalid. */
  room: number;
  /** What no scope was there for. */
  readonly uncaptured: string[];
}

/** A device whose buffers take at most `room` bytes together. */
async function smallDevice(room: number): Promise<Small> {
  const { device } = gpu();
  const scopes: { filter: GPUErrorFilter; error: { message: string } | null }[] = [];
  const uncaptured: string[] = [];
  let used = 0;
  const sizes = new Map<GPUBuffer, number>();
  const own: Partial<GPUDevice> = {
    pushErrorScope(filter) {
      scopes.push({ filter, error: null });
      device.pushErrorScope(filter);
    },
    async popErrorScope() {
      const { error } = scopes.pop()!;
      return (await device.popErrorScope()) ?? (error as GPUError | null);
    },
    createBuffer(descriptor) {
      if (used + descriptor.size > small.room) {
        const scope = scopes.findLast(({ filter }) => filter === "out-of-memory");
        const message = `Failed to allocate memory for buffer\nof ${descriptor.size} bytes.`;
        if (scope) scope.error ??= { message };
        else uncaptured.push(message);
        device.pushErrorScope("validation");
        const invalid = device.createBuffer({ ...descriptor, size: 2 ** 50 });
        void device.popErrorScope();
        Object.defineProperty(invalid, "size", { value: descriptor.size });
        return invalid; // all that it is used for is invalid too
      }
      const buffer = device.createBuffer(descriptor);
      used += descriptor.size;
      sizes.set(buffer, descriptor.size);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        used -= sizes.get(buffer) ?? 0;
        sizes.delete(buffer);
        destroy();
        return undefined;
      };
      return buffer;
    },
  };
  const limited = new Proxy(device, {
    get(target, name) {
      if (name in own) return own[name as keyof GPUDevice];
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const small: Small = { gpu: await openGpu({ device: limited }), room, uncaptured };
  return small;
}

const options: UniformOptions = {
  cell: "elman",
  inputs: 4,
  hidden: 32,
  outputs: 4,
  input: "tokens",
  readout: "every-step",
};
const shape = { steps: 50, batch: 16 };
const message = (operation: string) =>
  new RegExp(
    `^${operation}: the device has no memory left; \\d+ bytes of this library are there, expected room for \\d+ more; destroy .+\\.$`,
  );

async function refusalOf(work: Promise<unknown>): Promise<TempogradError> {
  const error = await work.then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(TempogradError);
  expect(error).toMatchObject({ code: "out-of-memory" });
  return error as TempogradError;
}

describe("a device without memory", () => {
  test("is told by what was to be made, with the sizes; all of it is freed, and what was there goes on", async () => {
    const small = await smallDevice(2 ** 20);
    const network = await Network.create(small.gpu, options);
    const passes = [];
    let refusal: TempogradError | undefined;
    const optimizer = sgd({ learningRate: 0.1 });
    while (!refusal) {
      const before = { ...small.gpu.live };
      try {
        passes.push(await network.pass(shape));
      } catch (error) {
        refusal = error as TempogradError;
        expect(small.gpu.live).toEqual(before);
      }
    }
    expect(passes.length).toBeGreaterThan(0);
    expect(refusal.message).toMatch(message("Network.pass"));
    const { bytes } = await network.memoryOf(shape);
    expect(refusal.message).toContain(
      `${small.gpu.live.bytes} bytes of this library are there, expected room for ${bytes} more`,
    );
    const before = { ...small.gpu.live };
    small.room = before.bytes;
    expect((await refusalOf(Network.create(small.gpu, options))).message).toMatch(message("Network.create"));
    expect((await refusalOf(network.prepare())).message).toMatch(message("Network.prepare"));
    expect((await refusalOf(Trainer.create(network, { ...shape, optimizer }))).message).toMatch(
      message("Trainer.create"),
    );
    expect((await refusalOf(network.read())).message).toMatch(message("Network.read"));
    expect((await refusalOf(readTensors(small.gpu, [passes[0]!.tensors.logits]))).message).toMatch(
      message("readTensors"),
    );
    passes[0]!.write({ inputs: new Int32Array(800), targets: new Int32Array(800) });
    passes[0]!.run();
    expect((await refusalOf(passes[0]!.readStates())).message).toMatch(message("Pass.readStates"));
    expect(small.gpu.live).toEqual(before);
    for (const pass of passes) pass.destroy();
    expect((await network.read()).size).toBe(5);
    const trainer = await Trainer.create(network, { ...shape, optimizer });
    trainer.destroy();
    network.destroy();
    expect(small.gpu.live).toEqual({ buffers: 0, bytes: 0 });
    expect(small.uncaptured).toEqual([]);
  });

  test("refuses a trainer whose own buffers do not fit beside its pass", async () => {
    const small = await smallDevice(2 ** 30);
    const network = await Network.create(small.gpu, options);
    const { bytes } = await network.memoryOf({ ...shape, gradients: true });
    const before = { ...small.gpu.live };
    small.room = before.bytes + bytes + 8000;
    const optimizer = sgd({ learningRate: 0.1, momentum: 0.9 });
    const refusal = await refusalOf(Trainer.create(network, { ...shape, optimizer, stepsPerSubmit: 1 }));
    expect(refusal.message).toMatch(message("Trainer.create"));
    expect(small.gpu.live).toEqual(before);
    expect(small.uncaptured).toEqual([]);
    network.destroy();
  });

  test("or a process without it, is told where numbers are to be copied", async () => {
    const small = await smallDevice(2 ** 30);
    const { queue } = small.gpu.device;
    const { writeBuffer } = queue;
    queue.writeBuffer = () => {
      throw new RangeError("Array buffer allocation failed");
    };
    try {
      const refusal = await refusalOf(Network.create(small.gpu, options));
      expect(refusal.message).toMatch(
        /^Network\.create: there is no memory left \(Array buffer allocation failed\); .+\.$/,
      );
      expect(small.gpu.live.bytes).toBe(0);
    } finally {
      queue.writeBuffer = writeBuffer;
    }
  });
});

describe("an optimizer of one's own", () => {
  test.each([
    [
      "smaller than the parameters",
      (size: number) => size / 2,
      /has state "mean" of \d+ bytes and type "f32", expected f32 of \d+, laid out/,
    ],
    ["that is no tensor", () => undefined, /has state "mean" of 0 bytes and type undefined/],
  ])("whose state is %s is refused before anything is trained", async (_, sizeOf, refusal) => {
    const network = await Network.create(gpu(), options);
    const before = { ...gpu().live };
    const base = sgd({ learningRate: 0.1 });
    const optimizer: typeof base = {
      ...base,
      kind: "mine",
      add(plan, tensors) {
        base.add(plan, tensors);
        const size = sizeOf(tensors.parameter.shape[0]!);
        return { mean: (size ? plan.tensor("mean", [size]) : undefined) as never };
      },
    };
    await expect(Trainer.create(network, { ...shape, optimizer })).rejects.toThrow(refusal);
    expect(gpu().live).toEqual(before);
    network.destroy();
  });

  test("that answers nothing is refused", async () => {
    const network = await Network.create(gpu(), options);
    const optimizer = { ...sgd({ learningRate: 0.1 }), add: () => undefined as never };
    await expect(Trainer.create(network, { ...shape, optimizer })).rejects.toThrow("answers undefined from add");
    network.destroy();
  });
});

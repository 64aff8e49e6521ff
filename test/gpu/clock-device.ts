// A device that computes nothing and whose clock is as a test has it: each dispatch takes as long as it is told to.

import { globals } from "webgpu";

Object.assign(globalThis, globals);

/** What a clock shows at a time, both in nanoseconds; it may count what it was asked. */
export type ClockFace = (now: number) => bigint;

/** Compute passes that were run: of which kernel, and how many dispatches. */
export interface Run {
  readonly kernel: string;
  readonly dispatches: number;
  readonly timed: boolean;
}

const betweenPasses = 900; // nanoseconds

/**
 * @param durations nanoseconds of a dispatch, by its kernel's name.
 * @param face what the clock shows.
 */
export function clockDevice(durations: Readonly<Record<string, number>>, face: ClockFace) {
  let now = 5e15;
  const runs: Run[] = [];
  const buffer = ({ size, usage }: GPUBufferDescriptor) => ({
    size,
    usage,
    bytes: new ArrayBuffer(usage & GPUBufferUsage.MAP_READ ? size : 0),
    destroy() {},
    async mapAsync() {},
    getMappedRange() {
      return (this as { bytes: ArrayBuffer }).bytes;
    },
    unmap() {},
  });
  const createCommandEncoder = () => {
    const commands: (() => void)[] = [];
    let stamps: BigUint64Array;
    return {
      beginComputePass({ timestampWrites: writes }: GPUComputePassDescriptor = {}) {
        let kernel = "";
        let dispatches = 0;
        return {
          setPipeline({ label }: GPUComputePipeline) {
            kernel = label;
          },
          setBindGroup() {},
          dispatchWorkgroups: () => void dispatches++,
          end: () =>
            commands.push(() => {
              const set = writes?.querySet as unknown as { stamps: BigUint64Array } | undefined;
              now += betweenPasses;
              if (set) set.stamps[writes!.beginningOfPassWriteIndex!] = face(now);
              now += dispatches * durations[kernel]!;
              if (set) set.stamps[writes!.endOfPassWriteIndex!] = face(now);
              runs.push({ kernel, dispatches, timed: set !== undefined });
            }),
        };
      },
      resolveQuerySet(set: { stamps: BigUint64Array }) {
        stamps = set.stamps;
      },
      copyBufferToBuffer(_: unknown, __: number, to: { bytes: ArrayBuffer }) {
        commands.push(() => {
          if (to.bytes.byteLength > 0) new BigUint64Array(to.bytes).set(stamps.subarray(0, to.bytes.byteLength / 8));
        });
      },
      finish: () => commands,
    };
  };
  const device = {
    features: new Set(["timestamp-query"]),
    limits: { maxBufferSize: 2 ** 30, maxStorageBufferBindingSize: 2 ** 30, maxComputeWorkgroupsPerDimension: 65535 },
    adapterInfo: { vendor: "clock" },
    lost: new Promise(() => {}),
    addEventListener() {},
    pushErrorScope() {},
    popErrorScope: async () => null,
    createBuffer: buffer,
    createShaderModule: () => ({}),
    createBindGroupLayout: () => ({}),
    createPipelineLayout: () => ({}),
    createBindGroup: () => ({}),
    createComputePipelineAsync: async ({ label }: GPUComputePipelineDescriptor) => ({ label }),
    createQuerySet: ({ count }: GPUQuerySetDescriptor) => ({ stamps: new BigUint64Array(count), destroy() {} }),
    createCommandEncoder,
    queue: {
      submit: (lists: (() => void)[][]) => {
        for (const command of lists.flat()) command();
      },
      writeBuffer() {},
      onSubmittedWorkDone: async () => {},
    },
  };
  return { device: device as unknown as GPUDevice, runs };
}

// In an app's own frame loop: the app owns the GPUDevice and the command encoder, and the network's step is encoded between the app's
// buffers, with no copy through the CPU. Here 64 followers move after a pointer as on a spring, of which the network has learned.
//
// With three.js the device is its renderer's, and the frame is its animation loop:
//
//   import { WebGPURenderer } from "three/webgpu";
//   const renderer = new WebGPURenderer(); // or of a device of the app's: new WebGPURenderer({ device })
//   await renderer.init();
//   const { device } = renderer.backend;
//   renderer.setAnimationLoop(() => { frame(pointer); renderer.render(scene, camera); });
//
// A StorageBufferAttribute of three's that was drawn once has its GPUBuffer in renderer.backend.get(attribute).buffer.
// Its usages (storage, vertex, copies) are those that `inputs`, `outputs` and `state` need. A test runs these lines in a browser.

import { adam, type Batch, everyStep, features, fit, gru, Network, openGpu, readTensors } from "tempograd";

const adapter = await navigator.gpu.requestAdapter();
const device = await adapter!.requestDevice(); // the app's, or its renderer's

let seed = 1;
const uniform = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
  return seed / 2 ** 31 - 1;
};

/** What the network is to do: y″ = (x − y) / 9 − y′ / 2, a frame a step. */
function spring() {
  let [y, speed] = [0, 0];
  return (x: number) => {
    speed += (x - y) / 9 - speed / 2;
    y += speed;
    return y;
  };
}

/** Pointers that jump about, and the springs behind them: time-major. */
function* traces(steps: number, batch: number): Generator<Batch> {
  while (true) {
    const inputs = new Float32Array(steps * batch);
    const targets = new Float32Array(steps * batch);
    for (let row = 0; row < batch; row++) {
      const follow = spring();
      let x = uniform();
      for (let t = 0; t < steps; t++) {
        if (uniform() > 0.85) x = uniform();
        inputs[t * batch + row] = x;
        targets[t * batch + row] = follow(x);
      }
    }
    yield { inputs, targets };
  }
}

const gpu = await openGpu({ device });
const network = await Network.create(gpu, {
  ...{ input: features(1), layers: [gru(16)], readout: everyStep(1), loss: "mean-squared-error" },
});
const size = { steps: 48, batch: 32 };
await fit(network, traces(size.steps, size.batch), {
  ...{ ...size, updates: 250, optimizer: adam({ learningRate: 0.01 }), clipNorm: 1 },
  onProgress({ update, loss }) {
    if (update % 50 === 0) console.log(`update ${update}: loss ${loss.toFixed(5)}`);
  },
});

const followers = 64;
await network.prepare({ batch: followers });
const { STORAGE, VERTEX, COPY_SRC, COPY_DST } = GPUBufferUsage;
const buffer = (values: number, usage = 0) =>
  device.createBuffer({ size: 4 * values, usage: STORAGE | COPY_SRC | COPY_DST | usage });
const pointers = buffer(followers);
const places = buffer(followers, VERTEX); // which the app draws
const state = buffer(followers * 16); // h, kept from frame to frame; a buffer begins with zeros

/** One frame: where the pointer is goes up, one step of all followers, and the app's own picture. */
function frame(pointer: Float32Array): void {
  device.queue.writeBuffer(pointers, 0, pointer);
  const encoder = device.createCommandEncoder();
  network.encode(encoder, { batch: followers, inputs: pointers, outputs: places, state });
  // here the app encodes its render pass, which reads `places`
  device.queue.submit([encoder.finish()]);
}

const nextFrame = globalThis.requestAnimationFrame ?? ((then: () => void) => setTimeout(then, 16));
const pointer = new Float32Array(followers);
const springs = Array.from(pointer, spring);
let expected: number[] = [];
for (let count = 0; count < 90; count++) {
  await new Promise<unknown>((then) => nextFrame(then as () => void));
  for (let i = 0; i < followers; i++) pointer[i] = count < 40 + 0.75 * i ? 0.7 : -0.5; // each jumps a little later
  expected = Array.from(pointer, (x, i) => springs[i]!(x));
  frame(pointer);
}

// The one readback is of the example, to say how well they follow.
const [found] = await readTensors(gpu, [
  { name: "places", shape: [followers], type: "f32", buffer: places, offset: 0, size: 4 * followers },
]);
export const error = Math.max(...expected.map((y, i) => Math.abs(y - found![i]!)));
export const travelled = Math.max(...expected) - Math.min(...expected);
console.log(
  `after 90 frames no follower is further than ${error.toFixed(3)} from its spring; they are ${travelled.toFixed(2)} apart`,
);
gpu.destroy();
device.destroy();

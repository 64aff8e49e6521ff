// In a browser's page: a network in three.js' frame loop, as examples/in-a-frame-loop.ts says, on the device of its renderer.

import { instanceIndex, positionLocal, storage, vec3 } from "three/tsl";
import {
  InstancedMesh,
  MeshBasicNodeMaterial,
  OrthographicCamera,
  PlaneGeometry,
  RenderTarget,
  Scene,
  StorageInstancedBufferAttribute,
  WebGPURenderer,
} from "three/webgpu";
import { everyStep, features, gru, Network, openGpu, readTensors } from "../../src/index";

const width = 256;
const hidden = 16;
/** How far the picture reaches from its middle. */
const reach = 4;

/** A square for each follower: as many rows, x where the network has it. */
function picture(followers: number) {
  const attribute = new StorageInstancedBufferAttribute(followers, 1);
  const material = new MeshBasicNodeMaterial();
  const x = storage(attribute, "float", followers).element(instanceIndex);
  material.positionNode = positionLocal.add(vec3(x, instanceIndex.toFloat().add(0.5), 0));
  const mesh = new InstancedMesh(new PlaneGeometry((8 * reach) / width, 1), material, followers);
  mesh.frustumCulled = false;
  const scene = new Scene().add(mesh);
  return { attribute, scene, camera: new OrthographicCamera(-reach, reach, followers, 0, -1, 1) };
}

/** The middle of what is lit, x, for each follower: the highest row, that of the last one, is the first of the pixels. */
function litAt(pixels: Uint8Array, rows: number): number[] {
  const stride = pixels.length / rows;
  return Array.from({ length: rows }, (_, row) => {
    const first = (rows - 1 - row) * stride;
    const lit = Array.from({ length: width }, (_, x) => x).filter((x) => pixels[first + 4 * x]! > 127);
    return ((2 * lit.reduce((sum, x) => sum + x + 0.5, 0)) / lit.length / width - 1) * reach;
  });
}

/** Runs frames. @returns for each follower: what the network predicts at the last one, what its buffer has, and where it is drawn */
export async function follow(frames: number, followers: number) {
  const { attribute, scene, camera } = picture(followers);
  const renderer = new WebGPURenderer(); // or of a device of the app's: new WebGPURenderer({ device })
  await renderer.init();
  const { device } = renderer.backend;
  const target = new RenderTarget(width, followers);
  renderer.setRenderTarget(target);
  renderer.render(scene, camera);

  const gpu = await openGpu({ device });
  const network = await Network.create(gpu, {
    ...{ input: features(1), layers: [gru(hidden)], readout: everyStep(1), loss: "mean-squared-error", seed: 3 },
  });
  const parameters = await network.read();
  const weight = parameters.get("outputWeight")!;
  weight.data = weight.data.map((value) => 20 * value); // so that they move far, without training
  network.write(parameters);
  await network.prepare({ batch: followers });
  const { STORAGE, COPY_SRC, COPY_DST } = GPUBufferUsage;
  const buffer = (values: number): GPUBuffer =>
    device.createBuffer({ size: 4 * values, usage: STORAGE | COPY_SRC | COPY_DST });
  const pointers = buffer(followers);
  const state = buffer(followers * hidden);
  const places: GPUBuffer = renderer.backend.get(attribute).buffer;
  const pointer = new Float32Array(followers);
  const traces = Array.from(pointer, () => new Float32Array(frames));
  let count = 0;
  let end = () => {};
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const frame = (pointer: Float32Array) => {
    for (let i = 0; i < followers; i++) pointer[i] = traces[i]![count] = Math.sin(count / 3 + i);
    device.queue.writeBuffer(pointers, 0, pointer);
    const encoder = device.createCommandEncoder();
    network.encode(encoder, { batch: followers, inputs: pointers, outputs: places, state });
    device.queue.submit([encoder.finish()]);
    if (++count < frames) return;
    renderer.setAnimationLoop(null);
    end();
  };
  renderer.setAnimationLoop(() => {
    frame(pointer);
    renderer.render(scene, camera);
  });
  await ended;

  const pixels: Uint8Array = await renderer.readRenderTargetPixelsAsync(target, 0, 0, width, followers);
  const [found] = await readTensors(gpu, [
    { name: "places", shape: [followers], type: "f32", buffer: places, offset: 0, size: 4 * followers },
  ]);
  const predictions = await network.predict(traces);
  const predicted = predictions.map(({ values }) => values.at(-1)!);
  gpu.destroy();
  renderer.dispose();
  return { predicted, found: [...found!], drawn: litAt(pixels, followers) };
}

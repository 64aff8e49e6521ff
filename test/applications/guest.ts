// A guest in an application that has its own device, buffers and frames: where a hand that is drawing circles will be next.
import { adam, features, fit, gru, lastStep, meanSquaredError, Network, openGpu } from "tempograd";
import { circles } from "./data";

const adapter = await navigator.gpu.requestAdapter();
const device = await adapter!.requestDevice();
const [COPY_SRC, COPY_DST, MAP_READ] = [4, 8, 1];
const places = device.createBuffer({ size: 64, usage: COPY_SRC | COPY_DST });
const read = device.createBuffer({ size: 8, usage: COPY_DST | MAP_READ });

const network = await Network.create(await openGpu({ device }), {
  ...{ input: features(2), layers: [gru(24)], readout: lastStep(2), loss: meanSquaredError() },
});
export const { history } = await fit(network, circles(512, 1), { optimizer: adam({ learningRate: 0.01 }), epochs: 20 });
await network.prepare({ steps: 8 });

export const frames: { values: Float32Array; next: Float32Array }[] = [];
for (const { features, values } of circles(20, 2)) {
  device.queue.writeBuffer(places, 0, features);
  const encoder = device.createCommandEncoder();
  network.encode(encoder, { steps: 8, inputs: places, outputs: read });
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  frames.push({ values, next: new Float32Array(read.getMappedRange().slice(0)) });
  read.unmap();
}

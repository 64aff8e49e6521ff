// The application's picture: the stroke and the pens' trails, drawn from the buffers that they are in.

import pensShader from "./pens.wgsl?raw";

export interface Ink {
  /** f32 [slots, pens, 2], a ring of places between −1 and 1 whose newest slot each frame names. */
  places: GPUBuffer;
  pens: number;
  slots: number;
  /** Whether a segment leads from the oldest slot to the newest as well. */
  closed: boolean;
  /** Red, green, blue and opacity, each from 0 to 1. */
  colour: readonly [number, number, number, number];
  width: number;
  /** How much of the colour is gone at the oldest slot, from 0 to 1. */
  fade: number;
}

interface Layer extends Ink {
  uniform: GPUBuffer;
  bindGroup: GPUBindGroup;
}

/** Draws inks one over the other, into textures of one format. */
export class Drawing {
  readonly #device: GPUDevice;
  readonly #pipeline: GPURenderPipeline;
  readonly #layers: Layer[];

  constructor(device: GPUDevice, format: GPUTextureFormat, inks: readonly Ink[]) {
    this.#device = device;
    const module = device.createShaderModule({ label: "pens", code: pensShader });
    const over: GPUBlendComponent = { srcFactor: "one", dstFactor: "one-minus-src-alpha" };
    this.#pipeline = device.createRenderPipeline({
      label: "pens",
      layout: "auto",
      vertex: { module },
      fragment: { module, targets: [{ format, blend: { color: over, alpha: over } }] },
    });
    this.#layers = inks.map((ink) => {
      const uniform = device.createBuffer({ size: 48, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
      const bindGroup = device.createBindGroup({
        layout: this.#pipeline.getBindGroupLayout(0),
        entries: [uniform, ink.places].map((buffer, binding) => ({ binding, resource: { buffer } })),
      });
      return { ...ink, uniform, bindGroup };
    });
  }

  /** Encodes one picture. @param newest the newest slot of each ink. */
  encode(encoder: GPUCommandEncoder, view: GPUTextureView, newest: readonly number[]): void {
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: "clear", storeOp: "store" }] });
    pass.setPipeline(this.#pipeline);
    for (const [i, { colour, pens, slots, closed, width, fade, uniform, bindGroup }] of this.#layers.entries()) {
      const numbers = new Float32Array(12);
      numbers.set(colour);
      new Uint32Array(numbers.buffer).set([pens, slots, newest[i]!], 4);
      numbers.set([width, fade], 7);
      this.#device.queue.writeBuffer(uniform, 0, numbers);
      pass.setBindGroup(0, bindGroup);
      pass.draw(6, pens * (closed ? slots : slots - 1));
    }
    pass.end();
  }
}

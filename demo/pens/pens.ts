// Pens that a network moves: where they are and were, and what the network remembers of each, all of it on the GPU.

import type { Network, UniformConfig } from "../../src/index";

export class Pens {
  readonly count: number;
  /** Places of each pen that are kept: its trail. */
  readonly slots = 20;
  /** f32 [slots, count, 2], a ring. */
  readonly places: GPUBuffer;
  /** The slot where the pens are now. */
  newest = 0;
  readonly #device: GPUDevice;
  readonly #network: Network;
  readonly #state: GPUBuffer;

  /** @param network an LSTM of one layer that is prepared for a step of `count` pens: a place in, the next place out. */
  constructor(device: GPUDevice, network: Network<UniformConfig>, count: number) {
    this.count = count;
    this.#device = device;
    this.#network = network;
    const usage = GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST | GPUBufferUsage.STORAGE;
    this.places = device.createBuffer({ label: "places", size: this.slots * this.#slotBytes, usage });
    this.#state = device.createBuffer({ label: "state", size: 2 * count * network.config.hidden * 4, usage }); // h, then c
  }

  /** Puts the pens anywhere, without a memory of where they have been. */
  scatter(): void {
    const { queue } = this.#device;
    const places = Float32Array.from({ length: this.count * 2 }, () => 1.8 * Math.random() - 0.9);
    for (let slot = 0; slot < this.slots; slot++) queue.writeBuffer(this.places, slot * this.#slotBytes, places);
    queue.writeBuffer(this.#state, 0, new Float32Array(this.#state.size / 4));
  }

  /** Encodes a step of the network: from where the pens are to where they go. */
  encodeStep(encoder: GPUCommandEncoder): void {
    const at = (slot: number) => ({ buffer: this.places, offset: slot * this.#slotBytes });
    const next = (this.newest + 1) % this.slots;
    const buffers = { inputs: at(this.newest), outputs: at(next), state: this.#state };
    this.#network.encode(encoder, { batch: this.count, ...buffers });
    this.newest = next;
  }

  get #slotBytes(): number {
    return this.count * 2 * 4;
  }
}

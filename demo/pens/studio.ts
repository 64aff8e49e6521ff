// All that the page of pens has on a device of its own: the network that learns, the pens that it moves, and the picture.

import { findAdapter, whyNoWebGpu } from "../no-webgpu";
import { Apprentice, type Knowledge } from "./apprentice";
import { Drawing } from "./drawing";
import { Pens } from "./pens";
import { strokePoints } from "./stroke";

const penCount = 24;

export class Studio {
  readonly device: GPUDevice;
  readonly apprentice: Apprentice;
  readonly pens: Pens;
  readonly #paper: HTMLCanvasElement;
  readonly #context: GPUCanvasContext;
  readonly #format = navigator.gpu.getPreferredCanvasFormat();
  readonly #outline: GPUBuffer;
  #drawing: Drawing;

  private constructor(device: GPUDevice, apprentice: Apprentice, paper: HTMLCanvasElement) {
    this.device = device;
    this.apprentice = apprentice;
    this.pens = new Pens(device, apprentice.network, penCount);
    this.#paper = paper;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    this.#outline = device.createBuffer({ label: "stroke", size: strokePoints * 2 * 4, usage });
    this.#context = paper.getContext("webgpu")!;
    this.#context.configure({ device, format: this.#format, alphaMode: "premultiplied" });
    this.#drawing = this.#inkedDrawing();
  }

  /**
   * @param known what an earlier apprentice knew, on a device that is lost.
   * @throws where there is no GPU, or it is lost meanwhile.
   */
  static async open(paper: HTMLCanvasElement, known?: Knowledge): Promise<Studio> {
    const adapter = await findAdapter();
    const device = await adapter?.requestDevice();
    if (!device) throw new Error(whyNoWebGpu());
    return new Studio(device, await Apprentice.create(device, penCount, known), paper);
  }

  /** Shows another stroke. */
  outline(points: Float32Array<ArrayBuffer>): void {
    this.device.queue.writeBuffer(this.#outline, 0, points);
  }

  /** Takes the colours that the style sheet has at the moment. */
  ink(): void {
    this.#drawing = this.#inkedDrawing();
  }

  /** One command buffer: a step of the pens where they move, and the picture. */
  frame(moving: boolean): void {
    const { device, pens } = this;
    const encoder = device.createCommandEncoder();
    if (moving) pens.encodeStep(encoder);
    this.#drawing.encode(encoder, this.#context.getCurrentTexture().createView(), [strokePoints - 1, pens.newest]);
    device.queue.submit([encoder.finish()]);
  }

  #inkedDrawing(): Drawing {
    const { pens } = this;
    const { color, borderTopColor } = getComputedStyle(this.#paper);
    const line = { places: this.#outline, pens: 1, slots: strokePoints, closed: true };
    const trails = { places: pens.places, pens: pens.count, slots: pens.slots, closed: false };
    return new Drawing(this.device, this.#format, [
      { ...line, width: 0.01, fade: 0, colour: colourOf(borderTopColor, 1) },
      { ...trails, width: 0.022, fade: 1, colour: colourOf(color, 0.9) },
    ]);
  }
}

/** The colour of a style, such as rgb(11, 100, 112), with an opacity. */
function colourOf(style: string, opacity: number): [number, number, number, number] {
  const [red = 0, green = 0, blue = 0] = (style.match(/[\d.]+/g) ?? []).map((value) => Number(value) / 255);
  return [red, green, blue, opacity];
}

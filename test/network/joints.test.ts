// What joins a network to what it does not know: a loss from outside, between two halves of a pass, and states on the GPU.
import { describe, expect, test } from "vitest";
import {
  type BatchInputs,
  elman,
  everyStep,
  features,
  gru,
  lastStep,
  layer,
  lstm,
  minGru,
  minLstm,
  Network,
  noLoss,
  type PartsOptions,
  type Pass,
  type PassOptions,
  peepholeLstm,
  type ReferenceBatch,
  type ReferenceParameters,
  readTensors,
  referenceBackward,
  referenceForward,
  slstm,
  type TensorGroup,
  tokens,
} from "../../src/index";
import { integers, numbers, worstError } from "../numbers";
import { useGpu } from "../workbench";

const gpu = useGpu();

const [steps, batch, width, outputs] = [7, 3, 4, 2];
const lengths = Int32Array.of(7, 5, 2);

const twinOf = async (network: Network): Promise<ReferenceParameters> =>
  Object.fromEntries([...(await network.read())].map(([name, { data }]) => [name, Float64Array.from(data)]));

/** Encodes and submits. */
function submit(encode: (encoder: GPUCommandEncoder) => void): void {
  const encoder = gpu().device.createCommandEncoder();
  encode(encoder);
  gpu().device.queue.submit([encoder.finish()]);
}

const copyAll = (encoder: GPUCommandEncoder, from: TensorGroup | undefined, to: TensorGroup | undefined) =>
  encoder.copyBufferToBuffer(from!.buffer, 0, to!.buffer, 0, from!.buffer.size);

/** A pass's gradients by name. */
async function gradientsOf(pass: Pass): Promise<Record<string, Float32Array>> {
  const tensors = Object.values(pass.gradients!.tensors);
  const values = await readTensors(gpu(), tensors);
  return Object.fromEntries(tensors.map(({ name }, i) => [name, values[i] as Float32Array]));
}

/** The states of a group, all h and all beside it, as the twin has them. */
async function statesOf(group: TensorGroup | undefined) {
  const entries = Object.entries(group!.tensors);
  const values = await readTensors(
    gpu(),
    entries.map(([, tensor]) => tensor),
  );
  const ofKind = (kind: string) =>
    entries.flatMap(([name], i) => (name.includes(`.${kind}`) ? [...(values[i] as Float32Array)] : []));
  return { hidden: ofKind("hidden"), cell: ofKind("cell") };
}

const layersOf: Record<string, PartsOptions["layers"]> = {
  elman: [elman(5), elman(6, { activation: "relu" })],
  gru: [gru(5), gru(6, { reset: "before" })],
  lstm: [lstm(5), lstm(6)],
  slstm: [layer(slstm, 5), layer(slstm, 6)],
  minGru: [layer(minGru, 5), layer(minGru, 6)],
  minLstm: [layer(minLstm, 5)],
  "peephole LSTM": [layer(peepholeLstm, 5), lstm(3)],
  "both ways": [lstm(5, { bidirectional: true }), gru(6, { bidirectional: true })],
};

const partsOf = (layers: PartsOptions["layers"], more: Partial<PartsOptions> = {}): PartsOptions => ({
  ...{ input: features(width), layers, readout: everyStep(outputs), loss: noLoss(), seed: 5 },
  ...more,
});

const inputs = numbers(steps * batch * width, 1);
const dLogits = numbers(steps * batch * outputs, 2);

/** What the twin makes of a batch and what comes from outside. */
function twin(
  network: Network,
  parameters: ReferenceParameters,
  data: ReferenceBatch,
  from: Parameters<typeof referenceBackward>[4],
) {
  const run = referenceForward(network.config, parameters, data);
  return { run, back: referenceBackward(network.config, parameters, data, run, from) };
}

function expectGradients(got: Record<string, ArrayLike<number>>, expected: ReferenceParameters): void {
  expect(Object.keys(got).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, values] of Object.entries(got)) {
    expect(worstError(values, expected[name]!), name).toBeLessThan(2e-5);
  }
}

describe("a network without a loss", () => {
  test.each([
    ["at every step", partsOf([lstm(5)]), inputs],
    ["at the last step, of tokens", partsOf([gru(5)], { input: tokens(4), readout: lastStep(outputs) }), undefined],
  ])("has the twin's gradients of what is written between its halves, read %s", async (_, options, given) => {
    const network = await Network.create(gpu(), options);
    const parameters = await twinOf(network);
    const pass = await network.pass({ steps, batch, gradients: true });
    for (const seed of [1, 2]) {
      const data: BatchInputs = { inputs: given ?? integers(steps * batch, seed, 0, 3), lengths };
      const shape = pass.tensors.logits.shape.reduce((product, size) => product * size, 1);
      const from = numbers(shape, seed + 7);
      pass.write(data);
      submit((encoder) => pass.encodeForward(encoder));
      const { run, back } = twin(
        network,
        parameters,
        { ...data, targets: [], steps, batch },
        {
          dLogits: from,
        },
      );
      const [logits, losses] = await readTensors(gpu(), [pass.tensors.logits, pass.tensors.losses]);
      const live = (values: ArrayLike<number>) => Array.from(values).filter((_, i) => isLive(Math.floor(i / outputs)));
      const isLive = (row: number) => Math.floor(row / batch) < lengths[row % batch]!;
      expect(worstError(live(logits!), live(run.logits))).toBeLessThan(1e-5);
      expect(losses![0]).toBeNaN(); // nobody measured one
      pass.writeOutputGradient(from);
      submit((encoder) => pass.encodeBackward(encoder));
      expectGradients(await gradientsOf(pass), back.parameters);
      const [notFinite] = await readTensors(gpu(), [pass.notFinite!]);
      expect(notFinite![0]).toBe(0);
    }
    network.destroy();
  });

  test("is the network with a loss whose gradient it is given, whole or in halves, in slabs too", async () => {
    const large = { steps: 40, batch: 64, gradients: true };
    const data = { inputs: numbers(40 * 64 * width, 3) };
    const targets = numbers(40 * 64 * outputs, 4);
    const own = await Network.create(gpu(), partsOf([elman(4)], { loss: "mean-squared-error" }));
    const free = await Network.create(gpu(), partsOf([elman(4)]));
    const [whole, halves, given] = [await own.pass(large), await own.pass(large), await free.pass(large)];
    for (const pass of [whole, halves]) pass.write({ ...data, targets });
    given.write(data);
    whole.run();
    submit((encoder) => halves.encodeForward(encoder));
    submit((encoder) => {
      halves.encodeBackward(encoder);
      given.encodeForward(encoder);
      const from = whole.tensors.dLogits!;
      encoder.copyBufferToBuffer(from.buffer, from.offset, given.tensors.dLogits!.buffer, 0, from.size);
      given.encodeBackward(encoder);
    });
    const expected = await gradientsOf(whole);
    expect(await gradientsOf(halves)).toEqual(expected);
    expect(await gradientsOf(given)).toEqual(expected);
    for (const network of [own, free]) network.destroy();
  });
});

describe("states as joints", () => {
  const ways = Object.entries(layersOf).flatMap(([name, layers]) =>
    (name === "both ways" || name.startsWith("min") ? [undefined] : (["fused", "unrolled"] as const)).map(
      (schedule) => [name, schedule, layers] as const,
    ),
  );
  test.each(ways)("take and give the twin's gradients, of %s, %s", async (_, schedule, layers) => {
    const network = await Network.create(gpu(), partsOf(layers));
    const parameters = await twinOf(network);
    const pass = await network.pass({ steps, batch, schedule, gradients: true, joined: true });
    const states = (group: TensorGroup | undefined, seed: number, least = 0) => {
      const of = { hidden: [] as number[], cell: [] as number[] };
      for (const [i, [name, { shape, buffer, offset }]] of Object.entries(group!.tensors).entries()) {
        const [rows = 0, columns = 0] = shape;
        const values = numbers(rows * columns, seed + i).map((value) => (least > 0 ? Math.abs(value) + least : value));
        const stored = 4 * Math.ceil(columns / 4);
        for (let row = 0; row < rows; row++) {
          const at = offset + 4 * row * stored;
          gpu().device.queue.writeBuffer(buffer, at, values.slice(row * columns, (row + 1) * columns));
        }
        of[name.includes(".hidden") ? "hidden" : "cell"].push(...values);
      }
      return of;
    };
    for (const seed of [30, 60]) {
      const initial = states(pass.initialState, seed, 0.5); // above zero: some cells divide by a state
      const dFinal = states(pass.dFinalState, seed + 9);
      pass.write({ inputs, lengths });
      submit((encoder) => pass.encodeForward(encoder));
      pass.writeOutputGradient(dLogits);
      submit((encoder) => pass.encodeBackward(encoder));
      const data = {
        ...{ inputs, lengths, targets: [], steps, batch },
        ...{ initialState: initial.hidden, initialCellState: initial.cell },
      };
      const { run, back } = twin(network, parameters, data, {
        ...{ dLogits: dLogits, dFinalState: dFinal.hidden, dFinalCellState: dFinal.cell },
      });
      const final = await statesOf(pass.finalState);
      expect(worstError(final.hidden, run.finalState)).toBeLessThan(2e-5);
      expect(worstError(final.cell, run.finalCellState)).toBeLessThan(2e-5);
      expectGradients(await gradientsOf(pass), back.parameters);
      const dInitial = await statesOf(pass.dInitialState);
      expect(worstError(dInitial.hidden, back.initialState)).toBeLessThan(2e-5);
      expect(worstError(dInitial.cell, back.initialCellState)).toBeLessThan(2e-5);
    }
    network.destroy();
  });

  test.each(Object.entries(layersOf).filter(([name]) => name !== "both ways"))(
    "make of two passes over %s one over the whole time",
    async (_, layers) => {
      const network = await Network.create(gpu(), partsOf(layers));
      const parameters = await twinOf(network);
      const first = 3;
      const common = { batch, gradients: true, joined: true };
      const early = await network.pass({ ...common, steps: first });
      const late = await network.pass({ ...common, steps: steps - first });
      early.write({ inputs: inputs.slice(0, first * batch * width) });
      late.write({ inputs: inputs.slice(first * batch * width) });
      early.writeOutputGradient(dLogits.slice(0, first * batch * outputs));
      late.writeOutputGradient(dLogits.slice(first * batch * outputs));
      submit((encoder) => {
        early.encodeForward(encoder);
        copyAll(encoder, early.finalState, late.initialState);
        late.encodeForward(encoder);
        late.encodeBackward(encoder);
        copyAll(encoder, late.dInitialState, early.dFinalState);
        early.encodeBackward(encoder);
      });
      const { run, back } = twin(
        network,
        parameters,
        { inputs, targets: [], steps, batch },
        {
          dLogits: dLogits,
        },
      );
      const [before, after] = [await gradientsOf(early), await gradientsOf(late)];
      const sums = Object.entries(before).map(([name, values]) => [
        name,
        values.map((value, i) => value + after[name]![i]!),
      ]);
      expectGradients(Object.fromEntries(sums), back.parameters);
      const final = await statesOf(late.finalState);
      expect(worstError(final.hidden, run.finalState)).toBeLessThan(2e-5);
      expect(worstError(final.cell, run.finalCellState)).toBeLessThan(2e-5);
      network.destroy();
    },
  );

  test("take a gradient through layers that are frozen, and read states without any", async () => {
    const network = await Network.create(gpu(), partsOf([gru(5), gru(5)]));
    const parameters = await twinOf(network);
    const pass = await network.pass({ steps, batch, gradients: true, joined: true, trainable: ["outputBias"] });
    const forward = await network.pass({ steps, batch, joined: true });
    for (const one of [pass, forward]) one.write({ inputs });
    pass.writeOutputGradient(dLogits);
    for (const one of [pass, forward]) one.run();
    const { run, back } = twin(
      network,
      parameters,
      { inputs, targets: [], steps, batch },
      {
        dLogits: dLogits,
      },
    );
    expect(Object.keys(await gradientsOf(pass))).toEqual(["outputBias"]);
    expect(worstError((await statesOf(pass.dInitialState)).hidden, back.initialState)).toBeLessThan(2e-5);
    expect(worstError((await statesOf(forward.finalState)).hidden, run.finalState)).toBeLessThan(2e-5);
    expect(forward.dFinalState).toBeUndefined();
    network.destroy();
  });
});

describe("what does not go with it is refused by name:", () => {
  const shape = { steps: 4, batch: 2, gradients: true };
  test.each<[string, Partial<PassOptions>, Partial<PartsOptions>, string]>([
    ["weights", { weights: true }, {}, "Pass: weights does not go with a network without a loss"],
    ["segments", { checkpointEvery: 2 }, {}, "Pass: checkpointEvery does not go with a network without a loss"],
    ["initialState", { joined: true, initialState: true }, {}, "Pass: joined does not go with initialState"],
    ["carryState", { joined: true, carryState: true }, {}, "Pass: joined does not go with carryState"],
    ["wavefront", { joined: true, schedule: "wavefront" }, {}, 'Pass: joined does not go with schedule "wavefront"'],
    [
      "joined segments",
      { joined: true, checkpointEvery: 2 },
      { loss: "mean-squared-error" },
      "Pass: joined does not go with checkpointEvery",
    ],
    [
      "a projection",
      { joined: true },
      { layers: [lstm(5, { projection: 2 })] },
      "Pass: joined does not go with a projected layer",
    ],
    [
      "an encoder",
      { joined: true, sourceSteps: 2 },
      { encoder: { input: features(width), layers: [lstm(5), lstm(5)] } },
      "Pass: joined does not go with an encoder",
    ],
  ])("%s", async (_, options, parts, message) => {
    const network = await Network.create(gpu(), partsOf([lstm(5), lstm(5)], parts));
    await expect(network.pass({ ...shape, ...options })).rejects.toThrow(message);
    network.destroy();
  });

  test("targets, a gradient that is no gradient, and halves out of turn", async () => {
    const network = await Network.create(gpu(), partsOf([lstm(5)]));
    const pass = await network.pass(shape);
    const data = { inputs: new Float32Array(4 * 2 * width) };
    const from = new Float32Array(4 * 2 * outputs);
    expect(() => pass.write({ ...data, targets: from })).toThrow(
      "batch.targets is given, expected none; the network has no loss",
    );
    expect(() => pass.writeOutputGradient(from.slice(1))).toThrow(
      "Pass.writeOutputGradient: values has 15 values, expected a Float32Array of [4, 2, 2], 16 values.",
    );
    expect(() => pass.writeOutputGradient([...from] as never)).toThrow("values is Array, expected a Float32Array");
    expect(() => pass.writeOutputGradient(undefined as never)).toThrow("values is Undefined, expected a Float32Array");
    from[3] = Number.NaN;
    expect(() => pass.writeOutputGradient(from)).toThrow("values[3] is NaN, expected a finite number");
    const encoder = gpu().device.createCommandEncoder();
    const outOfTurn = "Pass.encodeBackward: nothing went forward since the last way back";
    expect(() => pass.encodeBackward(encoder)).toThrow(outOfTurn);
    pass.encodeForward(encoder);
    pass.encodeBackward(encoder);
    expect(() => pass.encodeBackward(encoder)).toThrow(outOfTurn);
    pass.encodeForward(encoder);
    pass.encode(encoder);
    expect(() => pass.encodeBackward(encoder)).toThrow(outOfTurn);
    const forward = await network.pass({ steps: 4, batch: 2 });
    forward.encodeForward(encoder);
    expect(() => forward.encodeBackward(encoder)).toThrow("Pass.encodeBackward: the pass has no gradients");
    expect(() => forward.writeOutputGradient(new Float32Array(16))).toThrow("the pass has no gradients");
    network.destroy();
    const own = await Network.create(gpu(), partsOf([lstm(5)], { loss: "mean-squared-error" }));
    const whole = await own.pass(shape);
    expect(() => whole.writeOutputGradient(new Float32Array(16))).toThrow('the loss "mean-squared-error" writes it');
    const segments = await own.pass({ ...shape, checkpointEvery: 2 });
    expect(() => segments.encodeForward(encoder)).toThrow("Pass.encodeForward: with checkpointEvery");
    own.destroy();
  });
});

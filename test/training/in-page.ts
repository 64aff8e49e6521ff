// What the tests of checkpoints run inside the browser's page.

import {
  adam,
  type CheckpointStore,
  type Gpu,
  Network,
  openCheckpointStore,
  openGpu,
  randomWindows,
  readCheckpoint,
  type StreamPosition,
  saveCheckpoint,
  Trainer,
} from "../../src/index";

type Kind = CheckpointStore["kind"];

/** Fills a store and answers what it says of itself, of each call in turn. */
export async function fill(kind?: Kind) {
  const store = await openCheckpointStore(kind);
  const refusal = (save: Promise<void>) =>
    save.then(
      () => "saved",
      ({ message }: Error) => message,
    );
  await store.save("b", Uint8Array.of(1, 2, 3));
  await store.save("a 1", new Uint8Array(100_000).fill(7));
  await store.save("b", Uint8Array.of(9, 8, 7, 6).subarray(1, 3));
  await store.save("gone", Uint8Array.of(1));
  await store.delete("gone");
  await store.delete("never there");
  return {
    kind: store.kind,
    list: await store.list(),
    gone: (await store.load("gone")) === undefined,
    refused: [await refusal(store.save("../b", Uint8Array.of(1))), await refusal(store.save("b", new Uint8Array()))],
  };
}

/** What a store that `fill` filled has, in another page. */
export async function look(kind?: Kind) {
  const store = await openCheckpointStore(kind);
  const [a, b] = [await store.load("a 1"), await store.load("b")];
  for (const name of await store.list()) await store.delete(name);
  return { a: [a!.length, a![99_999]], b: [...b!], left: await store.list() };
}

const tokens = Int32Array.from({ length: 300 }, (_, i) => (3 * i + (i % 5)) % 7);
const size = { steps: 6, batch: 3 };

let gpu: Promise<Gpu> | undefined;

/**
 * The losses of `steps` training steps, from where the store has them if it has any; leaves there where they end.
 * @param kind of the store; without one nothing is kept.
 */
export async function train(steps: number, kind?: Kind): Promise<number[]> {
  const store = kind && (await openCheckpointStore(kind));
  const bytes = await store?.load("training");
  const saved = bytes && (await readCheckpoint(bytes));
  gpu ??= openGpu(); // one for all of a page's: it compiles once
  const network = await Network.create(await gpu, {
    cell: "gru",
    inputs: 7,
    hidden: 6,
    outputs: 7,
    input: "tokens",
    readout: "every-step",
  });
  const trainer = await Trainer.create(network, { ...size, optimizer: adam({ learningRate: 0.01 }) });
  if (saved) trainer.restore(saved);
  const position = saved && { position: saved.data as StreamPosition };
  const windows = randomWindows(tokens, { ...size, seed: 2, ...position });
  const losses: number[] = [];
  for await (const { loss } of trainer.train(windows, { steps })) losses.push(loss);
  await store?.save("training", await saveCheckpoint(trainer, { data: windows.position }));
  network.destroy();
  return losses;
}

// What the applications read: each a problem that is known to be learned, made anew alike each time.

import { readFileSync } from "node:fs";
import { type FloatTensor, readSafetensors, writeSafetensors } from "tempograd";

/** Seeded numbers from 0 to 1, alike everywhere: a linear congruential generator. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** About normal, of deviation 1: the sum of twelve. */
const noise = (next: () => number) => Array.from({ length: 12 }, next).reduce((sum, value) => sum + value, -6);

/** Passengers of a month, which grow, with a season of 12. */
export function passengers(): Float64Array {
  const next = random(1);
  return Float64Array.from({ length: 1000 }, (_, t) => {
    const season = 30 * Math.sin((2 * Math.PI * t) / 12) + 10 * Math.cos((4 * Math.PI * t) / 12);
    return 200 + 0.3 * t + season + 4 * noise(next);
  });
}

/** Bicycles hired a day, by the day of the week, yesterday's and whether it rains, which is known a week ahead. */
export function bicycles() {
  const next = random(2);
  const rain = Float64Array.from({ length: 1100 }, () => (next() < 0.3 ? 1 : 0));
  const visitors = Float64Array.from({ length: 1000 }, (_, t) => 50 + 20 * Math.sin(t / 40) + 2 * noise(next));
  const hired = visitors.map(
    (all, t) => 300 + 4 * all - 120 * rain[t]! + 60 * Math.sin((2 * Math.PI * t) / 7) + 8 * noise(next),
  );
  return { hired, visitors, rain };
}

/** Traces of a sensor that trembles; one of twelve has a shock in it, label 1. */
export function traces(count: number, seed: number) {
  const next = random(seed);
  return Array.from({ length: count }, (_, i) => {
    const length = 16 + Math.floor(12 * next());
    const label = i % 12 === 0 ? 1 : 0;
    const at = 2 + Math.floor((length - 6) * next());
    const shock = (t: number) => (label === 1 && t >= at && t < at + 4 ? (t % 2 === 0 ? 1.5 : -1.5) : 0);
    return { features: Float32Array.from({ length }, (_, t) => 0.6 * noise(next) + shock(t)), label };
  });
}

/** Sentences of a small world: who is said to be somewhere goes home at its end. */
export function story(): string {
  const next = random(4);
  const one = <Of>(of: readonly Of[]): Of => of[Math.floor(of.length * next())]!;
  const sentences = Array.from({ length: 1500 }, () => {
    const who = one(["the cat", "the dog", "my aunt", "Anna", "the old sailor"]);
    const where = one(["in the garden", "at sea", "by the river", "on the roof"]);
    return `When ${who} was ${where}, ${one(["rain", "snow", "night"])} fell, and ${who} went home.`;
  });
  return sentences.join(" ");
}

/** A model with an embedding as PyTorch wrote it, batches, and what PyTorch computes of them. */
export function fromElsewhere() {
  const { tensors } = readSafetensors(new Uint8Array(readFileSync("test/models/embedding-lstm.safetensors")));
  const numbers = (name: string) => tensors.get(name)!.data as unknown as Float32Array;
  const of = (prefix: string) => [...tensors].filter(([name]) => name.startsWith(prefix));
  const stateDict = (prefix: string) =>
    writeSafetensors(new Map(of(prefix).map(([name, tensor]) => [name.slice(prefix.length), tensor as FloatTensor])));
  const tokens = (name: string) => Int32Array.from(numbers(name));
  const [all, targets] = [tokens("training.inputs"), tokens("training.targets")];
  const steps = Array.from({ length: 12 }, (_, i) => [18 * i, 18 * (i + 1)] as const);
  return {
    file: stateDict("parameter."),
    batches: steps.map(([from, to]) => ({ inputs: all.slice(from, to), targets: targets.slice(from, to) })),
    tokens: tokens("tokens"),
    logits: numbers("expected.logits"),
    losses: numbers("expected.losses"),
  };
}

/** Three of ten symbols, and what is to be said of them: the same in the reverse order, begun by symbol 10. Time-major. */
export function reversed(count: number, seed: number) {
  const next = random(seed);
  const source = Int32Array.from({ length: 3 * count }, () => Math.floor(10 * next()));
  const targets = source.map((_, i) => source[(2 - Math.floor(i / count)) * count + (i % count)]!);
  const inputs = targets.map((_, i) => (i < count ? 10 : targets[i - count]!));
  return { source, inputs, targets };
}

/** What a hand does next, of where it was: a circle that is run through at several speeds, and where it is a step later. */
export function circles(count: number, seed: number) {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const [start, speed] = [2 * Math.PI * next(), 0.2 + 0.4 * next()];
    const at = (t: number) => [Math.cos(start + speed * t), Math.sin(start + speed * t)];
    return {
      features: Float32Array.from([0, 1, 2, 3, 4, 5, 6, 7].flatMap(at)),
      values: Float32Array.from(at(8)),
    };
  });
}

/** Numbers from −1 to 1, and what a noisy reading of their sum, decayed by 0.7 a step, is above them. */
export function readings(count: number, seed: number) {
  const next = random(seed);
  return Array.from({ length: count }, () => {
    const features = Float32Array.from({ length: 10 }, () => 2 * next() - 1);
    const clean = features.reduce((sum, value) => 0.7 * sum + value, 0);
    const outlier = next() < 0.1 ? 8 * next() : 0;
    return { features, values: Float32Array.of(clean + outlier) };
  });
}

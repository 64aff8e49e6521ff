// What a task is: how it is called, what it usually takes, and the problem that its data is to learn.

import type { Batch, BatchShape, BatchStream, Metric, Vocabulary } from "../../src/index";
import type { TableView } from "../data/columns";
import type { Ends, TrainedOn } from "../data/trained-on";
import type { Asking } from "./asking";
import type { Settings } from "./fields";
import type { OwnData } from "./own-data";

/** A task in words and numbers, for forms and command lines; pages have it without the library. */
export interface TaskDescription {
  /** On the page's form. */
  label: string;
  /** In the terminal. */
  help: string;
  /** What there is to see, and why: below the form's choice. */
  about?: string;
  /** What its network does. */
  answer: TrainedOn["answer"];
  /** Whether the user brings the data. */
  own: boolean;
  /** Whether it makes data where the user brings none. */
  made?: true;
  /** Its defaults, where they are its own. */
  usual: { hidden: number; batch: number; steps: number; learningRate: number } & Partial<{
    recurrentInitializer: "glorot";
    cell: "gru" | "lstm";
  }>;
  /** All cells take that learning rate in the terminal; else those with gates take more. */
  oneRate?: true;
  /** Training steps in the terminal. */
  updates: number;
}

/** One held-out sequence, to be looked at through time. */
export interface Example {
  /** Of one row. */
  batch: Batch;
  /** What each step reads, as a visitor would write it, and what it is to predict. */
  labels: string[];
  predicted?: string[];
}

/** How an encoder–decoder is asked. */
export interface Translation {
  /** The most steps of what its encoder reads. */
  sourceSteps: number;
  /** What its decoder reads before it has written anything. */
  prompt: readonly number[];
  /** How many tokens it writes. */
  length: number;
}

/** Data in batches, what the network must read and answer, and what knowing less would reach. */
export interface Problem {
  /** What the data is called. */
  name: string;
  /** How much there is to learn from, in words. */
  description: string;
  network: Ends;
  /** Where that is an encoder–decoder. */
  translation?: Translation;
  /** What files of its network say. */
  trainedOn: TrainedOn;
  /** Where characters are read. */
  vocabulary?: Vocabulary;
  /** Where it writes: what it reads before, unless the user says otherwise. */
  prompt?: string;
  /** Time steps of a batch to train on: sequences may be shorter than the settings' steps. */
  steps: number;
  /** Whether batches say what their rows count. */
  weights?: true;
  /** Batches without end, from a position of the same stream on. */
  training(position?: unknown): BatchStream;
  /** All that is held out, in batches of `evaluation`. */
  heldOut(): Iterable<Batch>;
  evaluation: BatchShape;
  /** What counts as right, in words and as a measure, where that is not each target by itself. */
  right?: { meaning: string; metric: Metric<number> };
  /** What a training step reads, on average. */
  tokensPerStep: number;
  /** What can be reached without reading in order: a loss, or a share of right answers. */
  baseline: { meaning: string; loss?: number; accuracy?: number };
  /** None of an encoder–decoder, which goes through two sequences. */
  example?: Example;
  /** What a visitor may ask the network. */
  asking: Asking;
  /** What else there is to say of the network's answers to all that is held out. @param answers of each batch: o, row by row */
  judge?(answers: readonly Float32Array[]): Judgement;
}

export interface Judgement {
  /** For people. */
  lines: string[];
  /** By name, for programs. */
  numbers: Record<string, unknown>;
}

interface Options {
  /** What the network that goes on with the data was trained on, where there is one. */
  trained?: TrainedOn | undefined;
  /** Rows of a held-out batch of so many steps; those of training unless given. */
  heldOutRows?: (steps: number) => number;
}

/**
 * Lays data out as settings say.
 * @throws where it cannot be learned from, or is not such as the network was trained on, with the cure.
 */
export type MakeProblem = (settings: Settings, options?: Options) => Problem;

/**
 * Reads a task's data.
 * @param own what the user brought, where the task is to learn from that.
 * @param settings how a file is to be read.
 * @param show is told how a table is taken, as often as more is known of it; also where it then cannot be used.
 * @throws where it is missing or cannot be read.
 */
export type ReadTask = (
  own: OwnData | undefined,
  settings: Settings,
  show?: (table: TableView) => void,
) => Promise<MakeProblem>;

export const whole = (value: number): string => value.toLocaleString("en");

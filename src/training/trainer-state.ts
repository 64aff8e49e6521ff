// What a trainer keeps beside the parameters: its step, its learning rate and, on the GPU, the optimizer's state of each
// parameter and the carried state.

import type { Gpu } from "../gpu/device";
import { elements, type Tensor, type TensorGroup, writeTensor } from "../gpu/tensor";
import type { ParameterValues } from "../network/parameters";
import { expectNumber } from "./optimizers";

/** The state of a trainer, beside the parameters. */
export interface TrainerState {
  /** Training steps done. */
  step: number;
  learningRate: number;
  /** The optimizer's kind, such as "adam". */
  optimizer: string;
  /** The optimizer's state of each parameter, such as `trainer.mean.outputBias`; carried, `trainer.state.hidden`. */
  tensors: ParameterValues;
}

/**
 * The tensors of a trainer's state, by the names that a checkpoint gives them.
 * @param parameters in one buffer, as the optimizer's tensors follow its layout.
 * @param optimizer what `Optimizer.add` returned: each of all parameters, as one range.
 * @param carried `Pass.state`.
 */
export function stateTensors(
  parameters: TensorGroup,
  optimizer: Readonly<Record<string, Tensor>>,
  carried: TensorGroup | undefined,
): Tensor[] {
  const named = (name: string, tensor: Tensor): Tensor => ({ ...tensor, name: `trainer.${name}` });
  const tensors: Tensor[] = [];
  for (const [kind, { buffer, offset }] of Object.entries(optimizer)) {
    for (const [name, parameter] of Object.entries(parameters.tensors)) {
      tensors.push(named(`${kind}.${name}`, { ...parameter, buffer, offset: offset + parameter.offset }));
    }
  }
  const { initialState, initialCellState } = carried?.tensors ?? {};
  if (initialState) tensors.push(named("state.hidden", initialState));
  if (initialCellState) tensors.push(named("state.cell", initialCellState));
  return tensors;
}

/** The shaders have the step in a u32 and the learning rate in an f32. */
const mostSteps = 2 ** 32 - 2; // there is a next one
const mostNumber = 3.4e38;

/** @throws unless `state` is one of a trainer with this optimizer and these tensors, all of it finite. */
export function checkState(
  operation: string,
  state: TrainerState,
  optimizer: string,
  expected: readonly Tensor[],
): void {
  const cure = "make the trainer with the optimizer, the batch and the carryState that the checkpoint was saved with";
  if (state.optimizer !== optimizer) {
    throw new Error(
      `${operation}: the checkpoint is of optimizer "${state.optimizer}", expected "${optimizer}"; ${cure}.`,
    );
  }
  if (!Number.isInteger(state.step) || state.step < 0 || state.step > mostSteps) {
    throw new Error(`${operation}: step is ${state.step}, expected an integer from 0 to ${mostSteps}.`);
  }
  expectNumber(operation, "learningRate", state.learningRate, mostNumber);
  for (const { name, shape } of expected) {
    const got = state.tensors.get(name);
    const wanted = `[${shape.join(", ")}]`;
    if (!got) throw new Error(`${operation}: tensor "${name}" is missing, expected ${wanted}; ${cure}.`);
    if (got.shape.join() !== shape.join() || got.data.length !== elements(shape)) {
      const was = `shape [${got.shape.join(", ")}] and ${got.data.length} values`;
      throw new Error(`${operation}: tensor "${name}" has ${was}, expected ${wanted}; ${cure}.`);
    }
  }
  for (const [name, { data }] of state.tensors) {
    if (!expected.some((tensor) => tensor.name === name)) {
      throw new Error(`${operation}: tensor "${name}" is given, expected none of that name; ${cure}.`);
    }
    const square = name.startsWith("trainer.meanSquare.");
    const wrong = data.findIndex((value) => !Number.isFinite(value) || (square && value < 0));
    if (wrong >= 0) {
      throw new Error(
        `${operation}: tensor "${name}"[${wrong}] is ${data[wrong]}, expected a finite number${square ? " from 0 up" : ""}; ` +
          "go back to a checkpoint from before training diverged.",
      );
    }
  }
}

/** Writes checked tensors where a trainer has them. */
export function writeState(gpu: Gpu, values: ParameterValues, tensors: readonly Tensor[]): void {
  for (const tensor of tensors) writeTensor(gpu, tensor, values.get(tensor.name)!.data);
}

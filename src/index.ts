// The public API: re-exports only.
/// <reference lib="esnext.disposable" preserve="true" />

export { type CellName, cellNames } from "./cells/cells";
export { coupledLstm } from "./cells/coupled-lstm";
export { type DefinedCell, defineCell } from "./cells/define-cell";
export { indrnn } from "./cells/indrnn";
export { minGru } from "./cells/mingru";
export { minLstm } from "./cells/minlstm";
export { peepholeLstm } from "./cells/peephole-lstm";
export { slstm } from "./cells/slstm";
export { carriedWindows, carriedWindowsOnce, cut } from "./data/carried-windows";
export { type Answer, type Forecast, forecast, forecastOf, naiveForecast } from "./data/forecast";
export {
  batchesOnce,
  type LabelledSequence,
  type PaddedSize,
  paddedBatch,
  shuffledBatches,
  splitItems,
  type ValuedSequence,
} from "./data/labelled-sequences";
export type { PieceKind } from "./data/pieces";
export type { Random } from "./data/random";
export { minMax, type Scaler, scaled, standardise, unscaled } from "./data/scalers";
export type { Series, StepRange } from "./data/series";
export {
  type BatchSource,
  type BatchStream,
  batchStream,
  type StreamDescription,
  type StreamPosition,
} from "./data/stream";
export type { TargetSequence } from "./data/target-sequences";
export { consecutiveWindows, randomWindows, split } from "./data/token-stream";
export { type Tokenizer, unigramEntropy, Vocabulary } from "./data/vocabulary";
export { type Window, type WindowOptions, type WindowShape, windowSize, windows } from "./data/windows";
export { type ErrorCode, TempogradError } from "./errors";
export type { CellEquations } from "./expressions/cell-equations";
export type { Expression } from "./expressions/expression";
export {
  abs,
  exp,
  log,
  log1p,
  logSigmoid,
  max,
  min,
  relu,
  select,
  sigmoid,
  sign,
  softplus,
  sqrt,
  tanh,
} from "./expressions/functions";
export type { ChoiceStore, Tuning } from "./gpu/choices";
export type { DispatchDescription, Memory, PlanDescription } from "./gpu/describe";
export type { Gpu } from "./gpu/device";
export type { Lifetime } from "./gpu/lifetime";
export { type GpuOptions, openGpu } from "./gpu/open";
export type { DispatchSpec, Plan } from "./gpu/plan";
export { planTable } from "./gpu/plan-table";
export type { Program } from "./gpu/program";
export type { KernelSource } from "./gpu/shader";
export { type PlannedTensor, readTensors, type Tensor, type TensorGroup, type TensorSpec } from "./gpu/tensor";
export { timePlan } from "./gpu/timing";
export type { DeviceTraits } from "./gpu/traits";
export { fromPyTorch, networkFromPyTorch, toPyTorch } from "./interchange/pytorch";
export type { PyTorchNetwork, PyTorchOptions } from "./interchange/pytorch-options";
export {
  type FloatTensor,
  readSafetensors,
  type SafetensorsFile,
  type TensorData,
  writeSafetensors,
} from "./interchange/safetensors";
export { binaryCrossEntropy } from "./losses/binary-cross-entropy";
export { type CrossEntropyOptions, crossEntropy } from "./losses/cross-entropy";
export { defineLoss, type LossFormula } from "./losses/define-loss";
export { huber } from "./losses/huber";
export { type LabelLoss, type Loss, type NoLoss, noLoss, type PlainLoss, type ValueLoss } from "./losses/loss";
export { meanAbsoluteError } from "./losses/mean-absolute-error";
export { meanSquaredError } from "./losses/mean-squared-error";
export { quantile } from "./losses/quantile";
export type { Batch, BatchInputs, BatchShape } from "./network/batch";
export {
  type NetworkConfig,
  type NetworkOptions,
  networkConfig,
  type UniformConfig,
  type UniformOptions,
} from "./network/config";
export { type GenerateOptions, generate } from "./network/generate";
export type { BufferPlace, Inference, InferenceBuffers, InferenceOptions } from "./network/inference";
export { initialParameters } from "./network/initializers";
export { Network } from "./network/network";
export type { ParameterValues } from "./network/parameters";
export type { PartsConfig, PartsOptions } from "./network/parts-config";
export type { Pass, PassTensors } from "./network/pass";
export type { PassOptions, Precision } from "./network/pass-options";
export type { PredictOptions, SequenceInputs } from "./network/predict";
export type { ClassPrediction, Prediction, PredictionOf, ValuePrediction } from "./network/prediction";
export type { Predictor, PredictorOptions } from "./network/predictor";
export type { States } from "./network/read-states";
export { type GradientTrace, traceGradients } from "./network/through-time";
export type { Schedule } from "./ops/recurrence";
export type { AdaptiveOptions } from "./parts/adaptive";
export { type EmbeddingOptions, embedding, features, type Input, tokens } from "./parts/inputs";
export { elman, gru, type Layer, type LayerOptions, layer, lstm } from "./parts/layers";
export { everyHidden, everyStep, lastHidden, lastStep, type Readout, type ReadoutOptions } from "./parts/readouts";
export {
  backward as referenceBackward,
  forward as referenceForward,
  type ReferenceBatch,
  type ReferenceConfig,
  type ReferenceForward,
  type ReferenceGradients,
  type ReferenceParameters,
  type ReferenceSweep,
  trainStep as referenceTrainStep,
} from "./reference/network";
export {
  type ReferenceOptimizerOptions,
  type ReferenceOptimizerState,
  type ReferenceRows,
  type ReferenceUpdate,
  referenceOptimizer,
} from "./reference/optimizer";
export type { Batches } from "./training/batches";
export { type Checkpoint, readCheckpoint, saveCheckpoint, saveNetwork } from "./training/checkpoint";
export { type CheckpointStore, openCheckpointStore } from "./training/checkpoint-store";
export { type EvaluateOptions, type Evaluation, evaluate, type Measured } from "./training/evaluate";
export { type FitEntry, type FitProgress, type Fitted, fit } from "./training/fit";
export type { FitData, ValidationData } from "./training/fit-data";
export type { FitOptions, FitRules } from "./training/fit-options";
export {
  accuracy,
  confusionMatrix,
  f1,
  f1PerClass,
  labelAccuracy,
  type Metric,
  type Metrics,
  type MetricValues,
  mae,
  perplexity,
  rmse,
  type Score,
  type ScoredRow,
  type Tally,
  topK,
} from "./training/metrics";
export {
  adam,
  adamw,
  type Optimizer,
  type OptimizerNumbers,
  type OptimizerTensors,
  rmsprop,
  sgd,
} from "./training/optimizers";
export { constant, cosine, type LearningRateSchedule, stepDecay, warmUp } from "./training/schedules";
export type { StepReport } from "./training/submits";
export { Trainer } from "./training/trainer";
export type { TrainerOptions, TrainOptions } from "./training/trainer-options";
export type { TrainerState } from "./training/trainer-state";

// A problem's network as an ONNX model: tokens to one-hot rows, one recurrent operator, the readout. ONNX has no training,
// so this is its forward pass alone.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type CellName, type FloatTensor, toPyTorch } from "../../../src/index";
import type { Problem } from "../problem";

/** ONNX's operators, and which of PyTorch's gates its blocks are, in order: i o f c of an LSTM, z r h of a GRU. */
const operators: Record<CellName, { type: string; gates: number[] }> = {
  elman: { type: "RNN", gates: [0] },
  lstm: { type: "LSTM", gates: [0, 3, 1, 2] },
  gru: { type: "GRU", gates: [1, 0, 2] },
};

const irVersion = 10; // of opset 22
const opset = 22;
const types = { float: 1, int32: 6, int64: 7 }; // TensorProto.DataType

interface Initializer {
  name: string;
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

interface Node {
  type: string;
  inputs: readonly string[];
  output: string;
  /** Whole numbers. */
  attributes?: Record<string, number>;
}

/**
 * From "tokens", i32 [steps, batch], to "logits", f32 [steps, batch, symbols]; names and numbers of fields are those of
 * onnx.proto3, gates and layouts those of the operators' documentation.
 */
export function onnxModel({ cell, shape, parameters }: Problem): Uint8Array<ArrayBuffer> {
  const { steps, batch, hidden, symbols } = shape;
  const { type, gates } = operators[cell];
  const values = toPyTorch(parameters, { cell });
  const tensor = (name: string) => values.get(name) as FloatTensor;
  /** The blocks of all gates, each `hidden` rows, in ONNX's order. */
  const reordered = (name: string) => {
    const { data } = tensor(name);
    const block = data.length / gates.length;
    return gates.flatMap((gate) => [...data.subarray(gate * block, (gate + 1) * block)]);
  };
  const rows = gates.length * hidden;
  const initializers: Initializer[] = [
    { name: "one-hot", shape: [symbols, symbols], data: identity(symbols) },
    { name: "W", shape: [1, rows, symbols], data: Float32Array.from(reordered("weight_ih_l0")) },
    { name: "R", shape: [1, rows, hidden], data: Float32Array.from(reordered("weight_hh_l0")) },
    {
      name: "B",
      shape: [1, 2 * rows],
      data: Float32Array.from([...reordered("bias_ih_l0"), ...reordered("bias_hh_l0")]),
    },
    { name: "direction", shape: [1], data: new BigInt64Array([1n]) },
    { name: "V", ...(parameters.get("outputWeight") as FloatTensor) },
    { name: "bias", ...(parameters.get("outputBias") as FloatTensor) },
  ];
  const attributes = { hidden_size: hidden, ...(cell === "gru" && { linear_before_reset: 1 }) };
  const nodes: Node[] = [
    { type: "Gather", inputs: ["one-hot", "tokens"], output: "x" },
    { type, inputs: ["x", "W", "R", "B"], output: "directions", attributes }, // [steps, 1, batch, hidden]
    { type: "Squeeze", inputs: ["directions", "direction"], output: "h" },
    { type: "MatMul", inputs: ["h", "V"], output: "product" },
    { type: "Add", inputs: ["product", "bias"], output: "logits" },
  ];
  const model = new BinaryWriter();
  model.tag(1, WireType.Varint).int64(irVersion);
  message(model, 7, (graph) => {
    for (const node of nodes) message(graph, 1, (writer) => writeNode(writer, node));
    text(graph, 2, cell);
    for (const value of initializers) message(graph, 5, (writer) => writeTensor(writer, value));
    message(graph, 11, (writer) => writeValue(writer, "tokens", types.int32, [steps, batch]));
    message(graph, 12, (writer) => writeValue(writer, "logits", types.float, [steps, batch, symbols]));
  });
  message(model, 8, (writer) => writer.tag(2, WireType.Varint).int64(opset));
  return new Uint8Array(model.finish());
}

function identity(size: number): Float32Array {
  const data = new Float32Array(size * size);
  for (let i = 0; i < size; i++) data[i * size + i] = 1;
  return data;
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);

function writeNode(writer: BinaryWriter, { type, inputs, output, attributes = {} }: Node): void {
  for (const input of inputs) text(writer, 1, input);
  text(writer, 2, output);
  text(writer, 4, type);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, (attribute) => {
      text(attribute, 1, name);
      attribute.tag(3, WireType.Varint).int64(value);
      attribute.tag(20, WireType.Varint).int32(2); // INT
    });
  }
}

function writeTensor(writer: BinaryWriter, { name, shape, data }: Initializer): void {
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(data instanceof Float32Array ? types.float : types.int64);
  text(writer, 8, name);
  writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValue(writer: BinaryWriter, name: string, type: number, shape: readonly number[]): void {
  text(writer, 1, name);
  message(writer, 2, (typed) =>
    message(typed, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(type);
      message(tensor, 2, (dimensions) => {
        for (const size of shape) message(dimensions, 1, (one) => one.tag(1, WireType.Varint).int64(size));
      });
    }),
  );
}

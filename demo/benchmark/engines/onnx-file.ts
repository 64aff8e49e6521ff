// Writes an ONNX model: a graph of operators from tokens to logits. Numbers of fields and types are those of onnx.proto.

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

const irVersion = 10; // of opset 22
const opset = 22;
const types = { float: 1, int32: 6, int64: 7 }; // TensorProto.DataType
const intAttribute = 2; // AttributeProto.AttributeType

export interface Constant {
  name: string;
  shape: readonly number[];
  data: Float32Array | BigInt64Array;
}

export interface Node {
  type: string;
  inputs: readonly string[];
  outputs: readonly string[];
  /** Whole numbers. */
  attributes?: Record<string, number>;
}

export interface Graph {
  nodes: readonly Node[];
  constants: readonly Constant[];
  /** Of "tokens", i32, the input. */
  tokens: readonly number[];
  /** Of "logits", f32, the output. */
  logits: readonly number[];
}

export function onnxFile({ nodes, constants, tokens, logits }: Graph): Uint8Array<ArrayBuffer> {
  const model = new BinaryWriter();
  model.tag(1, WireType.Varint).int64(irVersion);
  message(model, 7, (graph) => {
    for (const node of nodes) message(graph, 1, (writer) => writeNode(writer, node));
    text(graph, 2, "network");
    for (const constant of constants) message(graph, 5, (writer) => writeTensor(writer, constant));
    message(graph, 11, (writer) => writeValue(writer, "tokens", types.int32, tokens));
    message(graph, 12, (writer) => writeValue(writer, "logits", types.float, logits));
  });
  message(model, 8, (writer) => writer.tag(2, WireType.Varint).int64(opset));
  return new Uint8Array(model.finish());
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);

function writeNode(writer: BinaryWriter, { type, inputs, outputs, attributes = {} }: Node): void {
  for (const input of inputs) text(writer, 1, input);
  for (const output of outputs) text(writer, 2, output);
  text(writer, 4, type);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, (attribute) => {
      text(attribute, 1, name);
      attribute.tag(3, WireType.Varint).int64(value);
      attribute.tag(20, WireType.Varint).int32(intAttribute);
    });
  }
}

function writeTensor(writer: BinaryWriter, { name, shape, data }: Constant): void {
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

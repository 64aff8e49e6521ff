// An ONNX model as data, and its bytes. Numbers of fields and types are those of onnx.proto (ONNX 1.17, IR version 10).

import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** TensorProto.DataType */
export const types = { float32: 1, int32: 6, int64: 7, bool: 9, float16: 10 } as const;

export type Type = keyof typeof types;

/** A tensor that the model holds; float16 as its bits. */
export interface Constant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | BigInt64Array | Uint16Array;
}

/** What goes in or comes out: a dimension is a size, or the name of one that is free. */
export interface Value {
  readonly name: string;
  readonly type: Type;
  readonly shape: readonly (number | string)[];
}

/** A number, a text, lists of them, a tensor, or a graph of its own. Those that are written are whole numbers, texts and graphs. */
export type Attribute = number | string | readonly number[] | readonly string[] | Constant | Graph;

export interface Node {
  /** What files of others call it. */
  readonly name?: string;
  readonly type: string;
  /** "" for one that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly constants: readonly Constant[];
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
}

export interface Model {
  readonly graph: Graph;
  /** Texts by name. */
  readonly metadata?: Readonly<Record<string, string>>;
}

const irVersion = 10;
/** The set of operators that their recurrent ones have been in since 2024. */
export const opset = 22;
/** AttributeProto.AttributeType, and the field that holds it. */
const attributeTypes = {
  int: { type: 2, field: 3 },
  string: { type: 3, field: 4 },
  tensor: { type: 4, field: 5 },
  graph: { type: 5, field: 6 },
  ints: { type: 7, field: 8 },
  strings: { type: 8, field: 9 },
} as const;

/** @throws RangeError where the model has 2 GB or more, which is more than protobuf holds. */
export function modelBytes({ graph, metadata = {} }: Model): Uint8Array<ArrayBuffer> {
  const model = new BinaryWriter();
  model.tag(1, WireType.Varint).int64(irVersion);
  text(model, 2, "tempograd");
  message(model, 7, (writer) => writeGraph(writer, graph));
  message(model, 8, (writer) => writer.tag(2, WireType.Varint).int64(opset));
  for (const [key, value] of Object.entries(metadata)) {
    message(model, 14, (entry) => {
      text(entry, 1, key);
      text(entry, 2, value);
    });
  }
  return new Uint8Array(model.finish());
}

function message(writer: BinaryWriter, field: number, write: (writer: BinaryWriter) => void): void {
  writer.tag(field, WireType.LengthDelimited).fork();
  write(writer);
  writer.join();
}

const text = (writer: BinaryWriter, field: number, value: string) =>
  writer.tag(field, WireType.LengthDelimited).string(value);

function writeGraph(writer: BinaryWriter, { name, nodes, constants, inputs, outputs }: Graph): void {
  for (const node of nodes) message(writer, 1, (inner) => writeNode(inner, node));
  text(writer, 2, name);
  for (const constant of constants) message(writer, 5, (inner) => writeTensor(inner, constant));
  for (const value of inputs) message(writer, 11, (inner) => writeValue(inner, value));
  for (const value of outputs) message(writer, 12, (inner) => writeValue(inner, value));
}

function writeNode(writer: BinaryWriter, { type, inputs, outputs, attributes = {} }: Node): void {
  for (const input of inputs) text(writer, 1, input);
  for (const output of outputs) text(writer, 2, output);
  text(writer, 4, type);
  for (const [name, value] of Object.entries(attributes)) {
    message(writer, 5, (attribute) => {
      text(attribute, 1, name);
      const { type, field } = attributeTypes[kindOf(value)];
      if (isGraph(value)) message(attribute, field, (inner) => writeGraph(inner, value));
      else if (isTensor(value)) message(attribute, field, (inner) => writeTensor(inner, value));
      else {
        for (const one of typeof value === "object" ? value : [value]) {
          if (typeof one === "string") text(attribute, field, one);
          else attribute.tag(field, WireType.Varint).int64(one);
        }
      }
      attribute.tag(20, WireType.Varint).int32(type);
    });
  }
}

export const isGraph = (value: Attribute): value is Graph => typeof value === "object" && "nodes" in value;
export const isTensor = (value: Attribute): value is Constant => typeof value === "object" && "data" in value;

function kindOf(value: Attribute): keyof typeof attributeTypes {
  if (isGraph(value)) return "graph";
  if (isTensor(value)) return "tensor";
  if (typeof value === "object") return typeof value[0] === "string" ? "strings" : "ints";
  return typeof value === "string" ? "string" : "int";
}

function typeOf(data: Constant["data"]): Type {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Int32Array) return "int32";
  return data instanceof Uint16Array ? "float16" : "int64";
}

function writeTensor(writer: BinaryWriter, { name, shape, data }: Constant): void {
  for (const size of shape) writer.tag(1, WireType.Varint).int64(size);
  writer.tag(2, WireType.Varint).int32(types[typeOf(data)]);
  text(writer, 8, name);
  writer.tag(9, WireType.LengthDelimited).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
}

function writeValue(writer: BinaryWriter, { name, type, shape }: Value): void {
  text(writer, 1, name);
  message(writer, 2, (typed) =>
    message(typed, 1, (tensor) => {
      tensor.tag(1, WireType.Varint).int32(types[type]);
      message(tensor, 2, (dimensions) => {
        for (const size of shape) {
          message(dimensions, 1, (one) => {
            if (typeof size === "string") text(one, 2, size);
            else one.tag(1, WireType.Varint).int64(size);
          });
        }
      });
    }),
  );
}

// The bytes of an ONNX model as data. They are not trusted: all sizes are held to what is there before anything is made of them.

import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { TempogradError } from "../errors";
import {
  type Attribute,
  type Constant,
  type Graph,
  type Model,
  type Node,
  type Type,
  types,
  type Value,
} from "./model";
import { refuse, shown } from "./refuse";

/** A model, and the sets of operators that it says it needs. */
export interface ReadModel extends Model {
  /** The version of ONNX's own operators. */
  readonly opset: number;
}

/** Reads a field by its number; what it does not know is left out. */
type Fields = Readonly<Record<number, (reader: BinaryReader, wire: WireType) => void>>;

/** @throws unless they are an ONNX model whose tensors are all in it, of types that are read. */
export function readModel(bytes: Uint8Array): ReadModel {
  const metadata = new Map<string, string>();
  const opsets: { domain: string; version: number }[] = [];
  let graph: Graph | undefined;
  try {
    fields(new BinaryReader(bytes), {
      7: (reader) => {
        graph = inner(reader, readGraph);
      },
      8: (reader) => opsets.push(inner(reader, readOpset)),
      14: (reader) => {
        const { key, value } = inner(reader, readEntry);
        metadata.set(key, value);
      },
      25: () => refuse("the model", "has functions of its own", "operators alone", "export it without them"),
    });
  } catch (error) {
    if (error instanceof TempogradError) throw error;
    refuse("the file", `is no ONNX model (${(error as Error).message})`, "the bytes of one", "fetch or write it again");
  }
  if (!graph) refuse("the file", "has no graph", "the bytes of an ONNX model", "fetch or write it again");
  const own = opsets.find(({ domain }) => domain === "" || domain === "ai.onnx");
  if (!own) refuse("the model", "names no version of ONNX's operators", "one", "export it again");
  return { graph, metadata: Object.fromEntries(metadata), opset: own.version };
}

function fields(reader: BinaryReader, read: Fields): void {
  while (reader.pos < reader.len) {
    const [field, wire] = reader.tag();
    const one = read[field];
    if (one) one(reader, wire);
    else reader.skip(wire, field);
  }
}

const inner = <T>(reader: BinaryReader, read: (reader: BinaryReader) => T): T => read(new BinaryReader(reader.bytes()));

function readOpset(reader: BinaryReader) {
  const set = { domain: "", version: 1 };
  fields(reader, {
    1: (of) => {
      set.domain = of.string();
    },
    2: (of) => {
      set.version = Number(of.int64());
    },
  });
  return set;
}

function readEntry(reader: BinaryReader) {
  const entry = { key: "", value: "" };
  fields(reader, {
    1: (of) => {
      entry.key = of.string();
    },
    2: (of) => {
      entry.value = of.string();
    },
  });
  return entry;
}

function readGraph(reader: BinaryReader): Graph {
  const graph = {
    ...{ name: "", nodes: [] as Node[], constants: [] as Constant[] },
    ...{ inputs: [] as Value[], outputs: [] as Value[] },
  };
  fields(reader, {
    1: (of) => graph.nodes.push(inner(of, readNode)),
    2: (of) => {
      graph.name = of.string();
    },
    5: (of) => graph.constants.push(inner(of, readTensor)),
    11: (of) => graph.inputs.push(inner(of, readValue)),
    12: (of) => graph.outputs.push(inner(of, readValue)),
    15: () => refuse("the graph", "has sparse tensors", "dense ones", "export it without them"),
  });
  return graph;
}

function readNode(reader: BinaryReader): Node {
  const node = { name: "", type: "", inputs: [] as string[], outputs: [] as string[] };
  const attributes = new Map<string, Attribute>();
  let domain = "";
  fields(reader, {
    1: (of) => node.inputs.push(of.string()),
    2: (of) => node.outputs.push(of.string()),
    3: (of) => {
      node.name = of.string();
    },
    4: (of) => {
      node.type = of.string();
    },
    5: (of) => {
      const [name, value] = inner(of, readAttribute);
      attributes.set(name, value);
    },
    7: (of) => {
      domain = of.string();
    },
  });
  const type = domain === "" || domain === "ai.onnx" ? node.type : `${domain}.${node.type}`;
  return { ...node, type, attributes: Object.fromEntries(attributes) };
}

function readAttribute(reader: BinaryReader): [string, Attribute] {
  let name = "";
  let one: Attribute | undefined;
  const numbers: number[] = [];
  const texts: string[] = [];
  let kind = 0;
  fields(reader, {
    1: (of) => {
      name = of.string();
    },
    2: (of) => {
      one = of.float();
    },
    3: (of) => {
      one = Number(of.int64());
    },
    4: (of) => {
      one = of.string();
    },
    5: (of) => {
      one = inner(of, readTensor);
    },
    6: (of) => {
      one = inner(of, readGraph);
    },
    7: (of, wire) => all(of, wire, (each) => numbers.push(each.float())),
    8: (of, wire) => all(of, wire, (each) => numbers.push(Number(each.int64()))),
    9: (of) => texts.push(of.string()),
    20: (of) => {
      kind = of.int32();
    },
  });
  // What is zero or empty may be left out of the file.
  const empty: Readonly<Record<number, Attribute>> = { 1: 0, 2: 0, 3: "", 8: texts };
  return [name, one ?? (texts.length > 0 ? texts : (empty[kind] ?? numbers))];
}

/** A number, or a list of them in one. */
function all(reader: BinaryReader, wire: WireType, read: (reader: BinaryReader) => void): void {
  const list = wire === WireType.LengthDelimited ? new BinaryReader(reader.bytes()) : undefined;
  if (!list) read(reader);
  while (list && list.pos < list.len) read(list);
}

function readTensor(reader: BinaryReader): Constant {
  const shape: number[] = [];
  const listed: number[] = [];
  let name = "";
  let type = 0;
  let raw: Uint8Array | undefined;
  fields(reader, {
    1: (of, wire) => all(of, wire, (each) => shape.push(Number(each.int64()))),
    2: (of) => {
      type = of.int32();
    },
    4: (of, wire) => all(of, wire, (each) => listed.push(each.float())),
    5: (of, wire) => all(of, wire, (each) => listed.push(each.int32())),
    7: (of, wire) => all(of, wire, (each) => listed.push(Number(each.int64()))),
    8: (of) => {
      name = of.string();
    },
    9: (of) => {
      raw = of.bytes();
    },
    14: (of) => {
      if (of.int32() === 1) {
        const cure = "export it with all tensors in one file";
        refuse(`tensor ${shown(name)}`, "has its numbers in another file", "them in this one", cure);
      }
    },
  });
  const data = raw ? dataOf(name, type, raw) : dataOf(name, type, undefined, listed);
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== data.length || shape.some((size) => size < 0)) {
    const got = `has shape [${shape.slice(0, 8).join(", ")}] and ${data.length} values`;
    refuse(`tensor ${shown(name)}`, got, "as many as its shape", "fetch or write the file again");
  }
  return { name, shape, data };
}

function dataOf(name: string, type: number, raw: Uint8Array | undefined, listed: number[] = []): Constant["data"] {
  const isRead = Object.values(types).some((known) => known === type);
  if (!isRead) {
    const expected = "one of float32, float16, int32, int64 or bool";
    refuse(`tensor ${shown(name)}`, `is of type ${type}`, expected, "export the model in single precision");
  }
  if (!raw) {
    if (type === types.int64) return BigInt64Array.from(listed, BigInt);
    if (type === types.float16) return Uint16Array.from(listed);
    return type === types.float32 ? Float32Array.from(listed) : Int32Array.from(listed);
  }
  if (type === types.bool) return Int32Array.from(raw);
  const size = { [types.int64]: 8, [types.float16]: 2 }[type] ?? 4;
  if (raw.length % size !== 0) {
    refuse(
      `tensor ${shown(name)}`,
      `has ${raw.length} bytes`,
      `a multiple of ${size}`,
      "fetch or write the file again",
    );
  }
  const bytes = new Uint8Array(raw).buffer; // a copy, which is aligned; ONNX and all hosts of WebGPU have the least byte first
  if (type === types.int64) return new BigInt64Array(bytes);
  if (type === types.float16) return new Uint16Array(bytes);
  return type === types.float32 ? new Float32Array(bytes) : new Int32Array(bytes);
}

function readValue(reader: BinaryReader): Value {
  let name = "";
  let type = 0;
  const shape: (number | string)[] = [];
  const dimension = (of: BinaryReader) => {
    let size: number | string = "";
    fields(of, {
      1: (one) => {
        size = Number(one.int64());
      },
      2: (one) => {
        size = one.string();
      },
    });
    shape.push(size);
  };
  const dimensions = (of: BinaryReader) => fields(of, { 1: (one) => inner(one, dimension) });
  const tensor = (of: BinaryReader) =>
    fields(of, {
      1: (one) => {
        type = one.int32();
      },
      2: (one) => inner(one, dimensions),
    });
  fields(reader, {
    1: (of) => {
      name = of.string();
    },
    2: (of) => inner(of, (typed) => fields(typed, { 1: (one) => inner(one, tensor) })),
  });
  const known = (Object.keys(types) as Type[]).find((each) => types[each] === type);
  if (!known) refuse(`the value ${shown(name)}`, `is of type ${type}`, Object.keys(types).join(", "), "export it so");
  return { name, type: known, shape };
}
